import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Child, startChild } from '../process/child.ts';
import { runIn } from '../process/run.ts';
import type { LabScope } from '../scope.ts';
import type { NodeNet } from './nodes.ts';

/** A TCP port on the host's loopback, or a unix socket's path. */
export type RelayEnd = { readonly port: number } | { readonly path: string };

/** A running relay of the lab's own process. */
export interface Relay {
  /** The TCP port it listens on; 0 for a unix socket. */
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Carries bytes between a loopback port and a unix socket, which is visible from every network namespace. Port 0: the
 * system picks one.
 */
export async function startRelay(from: RelayEnd, to: RelayEnd): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ ...placeOnLoopback(to), allowHalfOpen: true });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', (failed) => {
        sockets.delete(socket);
        if (failed) other.destroy();
      });
      socket.pipe(other);
    }
  });
  server.listen(placeOnLoopback(from));
  await once(server, 'listening');
  return { port: 'port' in from ? (server.address() as AddressInfo).port : 0, stop: () => close(server, sockets) };
}

const placeOnLoopback = (endpoint: RelayEnd) =>
  'port' in endpoint ? { host: '127.0.0.1', port: endpoint.port } : { path: endpoint.path };

async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}

/** Makes 127.0.0.1:`hostPort` inside each node's namespace reach the same port of the host's loopback. */
export async function relayToNodes(scope: LabScope, nodes: readonly NodeNet[], hostPort: number): Promise<Relay> {
  const path = `${scope.directory}/host-${hostPort}.sock`;
  await rm(path, { force: true });
  const relay = await startRelay({ path }, { port: hostPort });
  const started = await Promise.allSettled(nodes.map((node) => listenInNode(scope, node, hostPort, path)));
  const stop = async () => {
    for (const result of started) if (result.status === 'fulfilled') await result.value.stop(0);
    await relay.stop();
  };
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return { port: 0, stop };
}

async function listenInNode(scope: LabScope, node: NodeNet, port: number, path: string): Promise<Child> {
  const name = `relay-node-${node.index}-${port}`;
  return startChild({
    name,
    // -t: after one side has closed, the other may go on for a while; the default of 0.5 s cuts slow answers
    command: [
      'socat',
      '-t',
      '60',
      `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,backlog=128,fork`,
      `UNIX-CONNECT:${path}`,
    ],
    netns: node.netns,
    logFile: `${scope.logs}/${name}.log`,
    ready: async () => (await runIn(node.netns, ['ss', '-Hltn', `sport = :${port}`])) !== '',
  });
}
