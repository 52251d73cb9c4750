import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WorkerStatus } from '@temporalio/worker';

export interface HealthServer {
  /** Where it listens: as asked for, with the port that was given for port 0. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves `GET /healthz` on `host:port`: 200 while the worker polls, else 503, also while there is none yet; the body is JSON with the worker's state
 * and how many tasks it has in hand.
 * Rejects when the address is taken.
 */
export async function serveHealth(address: string, statusOf: () => WorkerStatus | undefined): Promise<HealthServer> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/healthz') return void response.writeHead(404).end();
    const status = statusOf();
    const { numInFlightActivities: activities = 0, numInFlightWorkflowActivations: workflowTasks = 0 } = status ?? {};
    const runState = status?.runState ?? 'INITIALIZED';
    const healthy = runState === 'RUNNING';
    response.writeHead(healthy ? 200 : 503, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify({ healthy, state: runState, activities, workflowTasks })}\n`);
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
