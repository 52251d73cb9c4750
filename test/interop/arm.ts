/** Template deployments by plain HTTPS: what `az vm create` sends, for tests that have no az. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/lab.ts';
import { cluster } from '../../lab/scope.ts';

/** A role file that allows everything, as the person who does the workshop by hand has it. */
export function ownerRole(folder: string): string {
  const file = join(folder, 'owner.json');
  writeFileSync(file, JSON.stringify({ Actions: ['*'], NotActions: [] }));
  return file;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

export interface Caller {
  call(method: string, path: string, body?: object): Promise<Answer>;
}

/** A caller with a token of the lab's service principal. Paths are below the lab's Azure; whole URLs are taken as they are. */
export async function callerOf({ azure, environment }: Pick<Lab, 'azure' | 'environment'>): Promise<Caller> {
  const ca = readFileSync(environment['NODE_EXTRA_CA_CERTS'] ?? '', 'utf8');
  const send = (method: string, url: string, headers: Record<string, string>, body?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = request(url, { method, ca, headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: text === '' ? undefined : JSON.parse(text),
          });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const { tenantId, clientId: client_id, clientSecret: client_secret } = azure.credentials;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id,
    client_secret,
    scope: `${azure.endpoint}/.default`,
  });
  const formType = { 'content-type': 'application/x-www-form-urlencoded' };
  const token = await send('POST', `${azure.authorityHost}/${tenantId}/oauth2/v2.0/token`, formType, form.toString());
  const { access_token } = token.body as { access_token: string };
  const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
  return {
    call: (method, path, body) => {
      const url = new URL(path, azure.endpoint);
      if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', '2025-04-01');
      return send(method, url.href, headers, body && JSON.stringify(body));
    },
  };
}

export const groupId = (group: string): string => `/subscriptions/${cluster.subscriptionId}/resourceGroups/${group}`;
export const resourceId = (type: string, name: string, group: string = cluster.resourceGroup): string =>
  `${groupId(group)}/providers/${type}/${name}`;

/** Deploys resources into a group and waits for the end; fails unless it succeeded. */
export async function deploy(
  { call }: Caller,
  group: string,
  name: string,
  resources: readonly object[],
): Promise<void> {
  const template = { contentVersion: '1.0.0.0', resources };
  const put = await call('PUT', resourceId('Microsoft.Resources/deployments', name, group), {
    properties: { mode: 'Incremental', template, parameters: {} },
  });
  assert.equal(put.status, 201, JSON.stringify(put.body));
  assert.deepEqual(await ended({ call }, put), { status: 'Succeeded' });
}

/** Polls the operation of an answer until its end; what it says then. */
export async function ended({ call }: Caller, { headers }: Answer): Promise<unknown> {
  for (;;) {
    const { body } = await call('GET', String(headers['azure-asyncoperation']));
    if (!['Running', 'InProgress'].includes((body as { status: string }).status)) return body;
    await sleep(50);
  }
}

/** Deletes a resource and waits until it answers 404. */
export async function remove({ call }: Caller, id: string): Promise<void> {
  const { status } = await call('DELETE', id);
  assert.ok([200, 202, 204].includes(status), `DELETE ${id}: ${status}`);
  while ((await call('GET', id)).status !== 404) await sleep(50);
}
