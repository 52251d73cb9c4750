import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WorkerStatus } from '@temporalio/worker';

export interface HealthServer {
  /** Where it listens: as asked for, with the port that was given for port 0. */
  readonly address: string;
  close(): Promise<void>;
}

export interface WorkerHealth {
  /** Undefined while it connects. */
  readonly status: WorkerStatus | undefined;
  /** When Temporal answered last; null: never yet. */
  readonly answeredAt: Date | null;
}

/** Temporal is asked each 5 s: so long without an answer, and the worker can get nothing to do. */
const silenceMs = 20_000;

/**
 * Serves GET and HEAD on `host:port`. `/livez`: 200 as long as the process serves, for whoever would start it anew;
 * `/readyz` and `/healthz`: 200 while the worker polls and Temporal answers, else 503. The body is JSON: the worker's
 * state, when Temporal answered last, and how many tasks are in hand. Rejects when the address is taken.
 */
export async function serveHealth(address: string, healthOf: () => WorkerHealth): Promise<HealthServer> {
  const server = createServer(({ method = '', url = '/' }, response) => {
    const { pathname } = URL.parse(url, 'http://worker') ?? {};
    if (pathname !== '/livez' && pathname !== '/readyz' && pathname !== '/healthz')
      return void response.writeHead(404).end();
    if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end();
    answer(response, healthOf(), pathname === '/livez');
  });
  const { hostname, port } = new URL(`http://${address}`);
  server.listen(Number(port), hostname.replace(/^\[|\]$/g, ''));
  await once(server, 'listening');
  const bound = server.address() as AddressInfo;
  return {
    address: `${hostname}:${bound.port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Node leaves the body of an answer to HEAD out. */
function answer(response: ServerResponse, { status, answeredAt }: WorkerHealth, asksOnlyIfAlive: boolean): void {
  const isAnswered = answeredAt !== null && Date.now() - answeredAt.getTime() < silenceMs;
  const healthy = asksOnlyIfAlive || (status?.runState === 'RUNNING' && isAnswered);
  const body = {
    healthy,
    state: status?.runState ?? 'CONNECTING',
    temporalAnsweredAt: answeredAt?.toISOString() ?? null,
    activities: status?.numInFlightActivities ?? 0,
    workflowTasks: status?.numInFlightWorkflowActivations ?? 0,
  };
  response.writeHead(healthy ? 200 : 503, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}
