import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { reportQuery, taskQueue, workflowType } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import { startWorld, type WorkerProcess, type World } from './world.ts';
import { awaitEnd, buildSpec, queryProgress, waitUntil } from './world-runs.ts';
import { findSecrets, flatten, listSecrets, type Place, readToken, type Secret } from './world-secrets.ts';

const machines = 'Microsoft.Compute/virtualMachines';
let folder: string;
let world: World;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hepflow-secrets-'));
  world = await startWorld({ temporalDatabaseFile: join(folder, 'temporal.db') });
});
after(async () => {
  await world?.stop();
  await rm(folder, { recursive: true });
});

/** A run that is over, with all that was heard of it. */
interface Heard {
  readonly report: Report;
  readonly firstExecutionRunId: string;
  readonly failed: string | undefined;
  readonly places: readonly Place[];
}

/** Carries a run out and listens all the while: to what activities tell by heartbeat, and to the progress. */
async function listen(name: string, change: Record<string, unknown> = {}, queue = taskQueue): Promise<Heard> {
  const handle = await world.client.workflow.start(workflowType, {
    taskQueue: queue,
    workflowId: name,
    args: [await buildSpec({ secondNode: { when: 'always' }, ...change })],
  });
  const heartbeats: unknown[] = [];
  let over = false;
  const listening = (async () => {
    while (!over) {
      heartbeats.push((await handle.describe()).raw.pendingActivities);
      await sleep(50);
    }
  })();
  const { report, failed } = await awaitEnd(handle).finally(() => {
    over = true;
  });
  await listening;
  return {
    report,
    firstExecutionRunId: handle.firstExecutionRunId,
    failed,
    places: [
      { name: `heartbeats of ${name}`, content: flatten(heartbeats) },
      ...(await placesOf(name, handle)),
      { name: `end of ${name}`, content: JSON.stringify([report, failed]) },
    ],
  };
}

/** Where a run that is over can be read. */
async function placesOf(name: string, handle: WorkflowHandle): Promise<Place[]> {
  const history = await handle.fetchHistory();
  const queried = [
    await handle.query<Report>(reportQuery),
    await queryProgress(handle),
    await handle.query('__temporal_workflow_metadata'),
  ];
  const markdown = await world.hepflow('report', name, '--format', 'markdown');
  return [
    { name: `history of ${name}`, content: flatten(history) },
    { name: `history of ${name} as JSON`, content: JSON.stringify(historyToJSON(history)) },
    { name: `description of ${name}`, content: flatten((await handle.describe()).raw) },
    { name: `queries of ${name}`, content: JSON.stringify(queried) },
    { name: `report of ${name}`, content: markdown.stdout + markdown.stderr },
  ];
}

/** What the worker printed, the lab's logs, and every byte that Temporal keeps. */
async function commonPlaces(): Promise<Place[]> {
  const files = async (at: string): Promise<Place[]> => {
    const names = (await readdir(at, { withFileTypes: true })).filter((entry) => entry.isFile());
    return Promise.all(
      names.map(async ({ name }) => ({ name: join(at, name), content: await readFile(join(at, name)) })),
    );
  };
  return [
    { name: "workers' output", content: world.logs.join('') },
    ...(await files(world.lab.scope.logs)),
    ...(await files(folder)).filter(({ name }) => name.includes('temporal.db')),
  ];
}

test('the search finds every secret that is planted, in each of the forms and places that are searched', {
  timeout: 180_000,
}, async () => {
  const secrets = listSecrets(world, [{ runId: '00000000', firstExecutionRunId: 'first' }]);
  const token = await bearerToken();
  for (const { name, needles } of secrets) {
    const fixed = needles.filter((needle): needle is Buffer => needle instanceof Buffer);
    const forms = name === 'bearer token' ? [Buffer.from(token), Buffer.from(`Authorization: Bearer ${token}`)] : fixed;
    assert.ok(forms.length > 0, name);
    for (const [index, form] of forms.entries()) {
      for (const [how, content] of Object.entries(disguises(form))) {
        const finds = findSecrets([{ name: 'x', content }], secrets);
        assert.ok(finds.includes(`${name} in x`), `${name}, form ${index}, ${how}: ${finds}`);
      }
    }
  }
  const harmless = `ssh-ed25519 ${'AAAAC3NzaC1lZDI1NTE5'.repeat(4)} hepflow-00000000-client`;
  assert.deepEqual(findSecrets([{ name: 'x', content: harmless }], secrets), []);

  const decoy: Secret = { name: 'decoy', needles: [Buffer.from(randomBytes(24).toString('hex'))] };
  const handle = await world.client.workflow.start('planted', {
    taskQueue: 'nobody',
    workflowId: 'planted',
    args: [{ decoy: String(decoy.needles[0]) }],
  });
  assert.deepEqual(findSecrets([{ name: 'history', content: flatten(await handle.fetchHistory()) }], [decoy]), [
    'decoy in history',
  ]);
  await waitUntil('the database shows it', async () =>
    findSecrets(await commonPlaces(), [decoy]).some((find) => find.includes('temporal.db')),
  );
  await handle.terminate();
});

/** As it is, in the middle of a text, in a JSON document, in base64, and in base64 of a document that holds base64. */
function disguises(secret: Buffer): Record<string, Buffer | string> {
  const text = secret.toString('latin1');
  return {
    plain: secret,
    amid: Buffer.concat([Buffer.from('before '), secret, Buffer.from(' after')]),
    json: JSON.stringify({ key: `text ${text.replaceAll(/[^ -~]/g, '')}`, data: secret.toString('base64') }),
    packed: Buffer.from(
      JSON.stringify({
        customData: Buffer.concat([Buffer.from(`#cloud-config ${'x'.repeat(40)}\n`), secret]).toString('base64'),
        padding: 'x'.repeat(40),
      }),
    ).toString('base64'),
  };
}

/** A token as the worker gets it. */
async function bearerToken(): Promise<string> {
  const {
    AZURE_AUTHORITY_HOST: host,
    AZURE_TENANT_ID: tenant,
    AZURE_CLIENT_ID: id = '',
    AZURE_CLIENT_SECRET: secret = '',
    NODE_EXTRA_CA_CERTS: caFile = '',
  } = world.lab.environment;
  const ca = await readFile(caFile);
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: id,
    client_secret: secret,
    scope: 'https://management/.default',
  }).toString();
  const answer = await new Promise<string>((resolve, reject) => {
    const sent = request(
      `${host}/${tenant}/oauth2/v2.0/token`,
      { method: 'POST', ca, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve(text));
      },
    );
    sent.on('error', reject);
    sent.end(form);
  });
  return (JSON.parse(answer) as { access_token: string }).access_token;
}

test('no history, heartbeat, log, report or database of a run that proves everything holds a secret (W7)', {
  timeout: 300_000,
}, async () => {
  const { faults } = world.lab.azure;
  // An error with the request, and so with its body.
  faults.add({ kind: 'dropAfterAccept', method: 'PUT', type: machines });
  faults.add({ kind: 'throttle', method: 'PUT', type: 'Microsoft.Network/networkInterfaces', retryAfterSeconds: 0 });
  const worker = await talkative();
  const heard = await listen('happy');
  assert.deepEqual([heard.failed, heard.report.outcome], [undefined, 'PASS']);
  assert.deepEqual(triedAgain(heard.report), ['createInterface', 'createVm']);
  await holdsNoSecret([heard]);
  await worker.kill();
});

test('no history, heartbeat, log, report or database of failed runs holds a secret (W7)', {
  timeout: 300_000,
}, async () => {
  const { faults } = world.lab.azure;
  faults.add({ kind: 'dropAfterAccept', method: 'PUT', type: 'Microsoft.Network/publicIPAddresses' });
  faults.add({ kind: 'failOperation', method: 'PUT', type: machines, code: 'QuotaExceeded', times: 'always' });
  const worker = await talkative();
  const refused = await listen('refused');
  assert.deepEqual([refused.failed, refused.report.failure?.step], ['QuotaExceeded', 'createVm']);
  await worker.kill();

  const wrongSecret = await talkative({
    HEPFLOW_TASK_QUEUE: 'wrong-secret',
    AZURE_CLIENT_SECRET: 'this-is-a-wrong-client-secret',
  });
  const unknown = await listen('unknown', {}, 'wrong-secret');
  assert.equal(unknown.failed, 'CredentialsMissing');
  await wrongSecret.kill();

  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(
    kubeconfig,
    world.lab.cluster.userKubeconfig().replace(readToken(world.lab.cluster.userKubeconfig()), 'this-is-a-wrong-token'),
  );
  const wrongToken = await talkative({ HEPFLOW_TASK_QUEUE: 'wrong-token', HEPFLOW_KUBECONFIG: kubeconfig });
  const unauthorized = await listen('unauthorized', {}, 'wrong-token');
  assert.equal(unauthorized.failed, 'PreflightFailed');
  await wrongToken.kill();

  const planted: Secret = { name: 'wrong secret', needles: [Buffer.from('this-is-a-wrong')] };
  await holdsNoSecret([refused, unknown, unauthorized], [planted]);
});

/** A worker that logs all that it can. */
const talkative = (env: Record<string, string> = {}): Promise<WorkerProcess> =>
  world.startWorker({ HEPFLOW_LOG_LEVEL: 'TRACE', ...env });

const triedAgain = ({ steps }: Report): string[] =>
  steps
    .filter(({ attempts }) => attempts > 1)
    .map(({ name }) => name)
    .toSorted();

async function holdsNoSecret(heard: readonly Heard[], more: readonly Secret[] = []): Promise<void> {
  const secrets = [
    ...listSecrets(
      world,
      heard.map(({ report: { runId }, firstExecutionRunId }) => ({ runId, firstExecutionRunId })),
    ),
    ...more,
  ];
  const places = [...heard.flatMap((one) => one.places), ...(await commonPlaces())];
  assert.ok(places.filter(({ name }) => name.includes('temporal.db')).length >= 2);
  assert.ok(
    places.every(({ name, content }) => content.length > 0 || name.startsWith(world.lab.scope.logs)),
    JSON.stringify(places.map(({ name, content }) => [name, content.length])),
  );
  // Heartbeats are among the places.
  if (heard[0]?.failed === undefined) assert.match(String(heard[0]?.places[0]?.content), /"operationLocation"/);
  assert.deepEqual(findSecrets(places, secrets), []);
}
