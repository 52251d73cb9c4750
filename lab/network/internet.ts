import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from '../process/child.ts';
import { addresses, type LabScope, nameNetns } from '../scope.ts';
import { settleAll } from '../settle-all.ts';
import { link, runIp } from './links.ts';
import { createNamespace } from './namespaces.ts';
import { startRelay } from './relay.ts';

/** Azure's edge, which routes public addresses to VNets, as seen from the internet. */
const edgeAddress = '203.0.113.1';
const internetAddress = '203.0.113.254';

/** Name of the edge's namespace. */
export const nameEdge = (scope: LabScope): string => nameNetns(scope, 'edge');

/** Makes the edge and, behind it, the internet. Packets to an unassigned public address are dropped, as in Azure. */
export async function createInternet(scope: LabScope): Promise<void> {
  const [edge, internet] = [nameEdge(scope), nameNetns(scope, 'internet')];
  await settleAll([createNamespace(edge, true), createNamespace(internet)]);
  await link({ netns: edge, name: 'internet' }, { netns: internet, name: 'eth0' });
  await runIp(
    edge,
    `addr add ${edgeAddress}/32 dev internet`,
    `route add ${internetAddress} dev internet`,
    'route add blackhole default',
  );
  await runIp(
    internet,
    `addr add ${internetAddress}/32 dev eth0`,
    `route add ${edgeAddress} dev eth0`,
    `route add default via ${edgeAddress}`,
  );
}

/** The path from the host's loopback into the internet. */
export interface InternetProxy {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the HTTP CONNECT proxy inside the internet's namespace, and its port on the host's loopback. */
export async function startProxy(scope: LabScope): Promise<InternetProxy> {
  const path = `${scope.directory}/proxy.sock`;
  const program = fileURLToPath(new URL(`./proxy-program${extname(import.meta.filename)}`, import.meta.url));
  const child = await startChild({
    name: 'proxy',
    command: [process.execPath, program, path, addresses.internet],
    netns: nameNetns(scope, 'internet'),
    logFile: `${scope.logs}/proxy.log`,
    ready: async () => existsSync(path),
  });
  const door = await startRelay({ port: 0 }, { path });
  return {
    url: `http://127.0.0.1:${door.port}`,
    stop: async () => {
      await door.stop();
      await child.stop(0);
    },
  };
}
