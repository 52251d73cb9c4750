import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../../../lab/certificates.ts';
import { type Azure, type AzureSettings, createAzure, type Lro } from '../../../src/adapters/azure/index.ts';

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** In the place of a JSON body. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Seen {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly authorization: string | undefined;
}

/** A scripted https server in the place of ARM, for answers that a well-behaved one never gives. */
export interface FakeArm extends AsyncDisposable {
  readonly endpoint: string;
  readonly seen: Seen[];
  /** Answers the next requests; without an answer the connection is left hanging. */
  answer(script: (seen: Seen) => Answer | undefined): void;
  azure(settings?: Partial<AzureSettings>): Azure;
}

export async function startFakeArm(): Promise<FakeArm> {
  const directory = mkdtempSync(join(tmpdir(), 'hepflow-arm-'));
  const authority = await createAuthority(directory);
  const { certPem, keyPem } = await authority.issue('localhost', { dns: ['localhost'] });
  const seen: Seen[] = [];
  let script: (seen: Seen) => Answer | undefined = () => ({
    status: 404,
    body: { error: { code: 'ResourceNotFound', message: 'none' } },
  });
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    const one = {
      method: request.method ?? '',
      path: (request.url ?? '').split('?')[0] ?? '',
      authorization: request.headers.authorization,
    };
    seen.push(one);
    request.resume();
    const answer = script(one);
    if (answer === undefined) return;
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.text ?? (answer.body === undefined ? '' : JSON.stringify(answer.body)));
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const endpoint = `https://localhost:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    seen,
    answer: (next) => {
      script = next;
    },
    azure: (settings = {}) =>
      createAzure({
        endpoint,
        scope: `${endpoint}/.default`,
        credential: { getToken: async () => ({ token: 'opaque', expiresOnTimestamp: Date.now() + 3_600_000 }) },
        pollIntervalMs: 10,
        requestTimeoutMs: 5000,
        caPem: authority.caPem,
        userAgent: 'hepflow/test',
        ...settings,
      }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A caller of a long-running operation, with everything that it was given to save. */
export function recordingLro(
  resume?: unknown,
  signal: AbortSignal = new AbortController().signal,
): Lro & { readonly saved: unknown[] } {
  const saved: unknown[] = [];
  return { signal, resume, saved, save: (state) => saved.push(structuredClone(state)) };
}
