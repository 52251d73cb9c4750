import { get } from 'node:http';
import { join } from 'node:path';
import type { NodeNet } from '../network/nodes.ts';
import { type Child, startChild } from '../process/child.ts';
import type { LabScope } from '../scope.ts';
import { locateProgram } from './program-file.ts';

/** The lab's agent on one node: node-agent.ts in its namespace. */
export interface NodeAgent {
  readonly node: NodeNet;
  /**
   * Requests a URL from the node, as a kubelet's readiness probe does; resolves to the reason when it does not answer
   * 200 to 399.
   */
  probe(url: string, timeoutMs: number): Promise<string | undefined>;
  stop(): Promise<void>;
}

export async function startNodeAgent(scope: LabScope, node: NodeNet): Promise<NodeAgent> {
  const socketPath = join(scope.directory, `node-${node.index}.sock`);
  const probe = (url: string, timeoutMs: number): Promise<string | undefined> => ask(socketPath, url, timeoutMs);
  const child: Child = await startChild({
    name: `node-agent-${node.index}`,
    command: [process.execPath, locateProgram('node-agent'), socketPath],
    netns: node.netns,
    logFile: join(scope.logs, `node-agent-${node.index}.log`),
    ready: async () => (await probe('http://127.0.0.1:10250/', 1000)) === 'HTTP status 401',
  });
  return { node, probe, stop: () => child.stop(0) };
}

function ask(socketPath: string, url: string, timeoutMs: number): Promise<string | undefined> {
  const path = `/probe?${new URLSearchParams({ url, timeoutMs: String(timeoutMs) })}`;
  return new Promise((resolve, reject) => {
    const request = get({ socketPath, path, agent: false, timeout: timeoutMs + 5000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve(response.statusCode === 200 ? undefined : text.trim()));
    });
    request.on('timeout', () => request.destroy(new Error('The node agent does not answer.')));
    request.on('error', reject);
  });
}
