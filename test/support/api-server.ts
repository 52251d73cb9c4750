/** An API server that has nothing, over TLS, and kubeconfigs that lead to it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../../lab/certificates.ts';

export interface ApiServer extends AsyncDisposable {
  readonly url: string;
  readonly caFile: string;
  /** `Authorization` of every request. */
  readonly seen: (string | undefined)[];
  /** A kubeconfig with these fields in its cluster and its user. */
  kubeconfig(user: object, cluster?: object): string;
}

/** On an address that is no loopback by name, so that a proxy applies to it. */
export async function startApiServer(): Promise<ApiServer> {
  const directory = mkdtempSync(join(tmpdir(), 'hepflow-api-server-'));
  const authority = await createAuthority(directory);
  const { certPem, keyPem } = await authority.issue('api', { ips: ['127.0.0.2'] });
  const seen: (string | undefined)[] = [];
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    seen.push(request.headers.authorization);
    response.end('{"metadata":{},"items":[]}');
  }).listen(0, '127.0.0.2');
  await once(server, 'listening');
  const url = `https://127.0.0.2:${(server.address() as AddressInfo).port}`;
  const data = Buffer.from(authority.caPem).toString('base64');
  return {
    ...{ url, caFile: authority.caFile, seen },
    kubeconfig: (user, cluster = {}) =>
      JSON.stringify({
        'current-context': 'x',
        contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
        clusters: [{ name: 'x', cluster: { server: url, 'certificate-authority-data': data, ...cluster } }],
        users: [{ name: 'x', user }],
      }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
