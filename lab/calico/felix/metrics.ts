import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type Child, startChild } from '../../process/child.ts';
import { runIn } from '../../process/run.ts';
import type { Denied } from './denied.ts';

/**
 * How Felix serves metrics to Prometheus, on every address of its node. `policies`: port 9081 with denied packets by
 * policy and source, as Calico Enterprise and Calico Cloud have it (vendor's page "Policy metrics"); `felix`: port
 * 9091, without counts per policy. Felix forgets a sample 60 s after its last packet; this one does not.
 */
export interface MetricsOptions {
  readonly kind: 'policies' | 'felix';
  /** Where sockets and logs may be put. */
  readonly directory: string;
  readonly logs: string;
}

export const metricsPort = { policies: 9081, felix: 9091 } as const;

interface Node {
  readonly name: string;
  readonly netns: string;
  denied(): Promise<readonly Denied[]>;
}

/** Serves a node's metrics; resolves when they can be read, with what ends it. */
export async function serveMetrics(
  { name, netns, denied }: Node,
  { kind, directory, logs }: MetricsOptions,
): Promise<() => Promise<void>> {
  const port = metricsPort[kind];
  const path = join(directory, `metrics-${name}.sock`);
  await rm(path, { force: true });
  const text = async (): Promise<string> =>
    kind === 'felix' ? 'felix_active_local_endpoints 1\n' : formatDenied(name, await denied());
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    text().then(
      (body) =>
        response
          .writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', connection: 'close' })
          .end(body),
      (error: unknown) => response.writeHead(500).end(`${error}\n`),
    );
  });
  server.listen(path);
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  let listener: Child;
  try {
    listener = await startChild({
      name: `metrics-${name}`,
      command: [
        'socat',
        '-t',
        '10',
        `TCP-LISTEN:${port},bind=0.0.0.0,reuseaddr,backlog=64,fork`,
        `UNIX-CONNECT:${path}`,
      ],
      netns,
      logFile: join(logs, `metrics-${name}.log`),
      ready: async () => (await runIn(netns, ['ss', '-Hltn', `sport = :${port}`])) !== '',
    });
  } catch (error) {
    await close();
    throw error;
  }
  return async () => {
    await listener.stop(0);
    await close();
  };
}

/** A family without samples is absent, as with Prometheus' own library. */
function formatDenied(instance: string, denied: readonly Denied[]): string {
  const samples = denied.map(
    ({ rule, source, packets }) =>
      `calico_denied_packets{instance="${instance}",policy="${rule}",srcIP="${source}"} ${packets}`,
  );
  const head = ['# HELP calico_denied_packets Packets that policies denied.', '# TYPE calico_denied_packets gauge'];
  return [
    ...(samples.length > 0 ? [...head, ...samples] : []),
    '# TYPE go_goroutines gauge',
    'go_goroutines 1',
    '',
  ].join('\n');
}
