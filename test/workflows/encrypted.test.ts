/** A worker as HEPFLOW_PAYLOAD_KEY makes it, on a real Temporal dev server: everything of it but the steps, which are fakes. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { providePrograms } from '../../lab/tools/programs.ts';
import { bundle } from '../../scripts/bundle.ts';
import { createPayloadCodec } from '../../src/codec/payload-codec.ts';
import { readPayloadKeys } from '../../src/config/payload-keys.ts';
import { resolveWorkerOptions } from '../../src/config/worker-options.ts';
import type { Report } from '../../src/contract/report.ts';
import { createWorker } from '../../src/worker.ts';
import { type FakeBehaviour, failAs, fakeActivities, type Harness, site, spec, startHarness } from './harness.ts';

const cluster = 'zebra-of-the-west';
const taskQueue = `encrypted-${randomUUID()}`;
const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'hepflow-encrypted-'));
const { History } = proto.temporal.api.history.v1;

let harness: Harness;
let worker: Worker;
let running: Promise<void>;
let codecServer: ChildProcess;
let codecUrl: string;
let temporalProgram: string;
let behaviour: FakeBehaviour = {};

/** A key ring file with these keys, the first of which encrypts. */
const ring = (name: string, ...ids: string[]): string => {
  const file = join(folder, name);
  writeFileSync(file, ids.map((id) => `${id}:${keys[id]}\n`).join(''), { mode: 0o600 });
  return file;
};
const keys: Record<string, string> = Object.fromEntries(
  ['k1', 'k2'].map((id) => [id, randomBytes(32).toString('base64')]),
);

before(async () => {
  [harness, { temporal: temporalProgram }] = await Promise.all([
    startHarness(),
    providePrograms(['temporal']),
    bundle(),
  ]);
  const principal = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_CLIENT_SECRET: 's' };
  writeFileSync(join(folder, 'secret'), randomBytes(32), { mode: 0o600 });
  const options = resolveWorkerOptions(
    {
      ...{ taskQueue, keySecretFile: join(folder, 'secret'), pollIntervalMs: '50' },
      ...{ payloadKey: ring('k1', 'k1'), payloadMode: 'require' },
    },
    { ...principal, PATH: '' },
  );
  worker = await createWorker(options, harness.env.nativeConnection, 'default', () => fakes());
  running = worker.run();
  codecServer = spawn(process.execPath, [join(root, 'src/cli/main.ts'), 'codec-server', '--port', '0'], {
    env: { ...process.env, HEPFLOW_PAYLOAD_KEY: ring('codec-server', 'k1', 'k2') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: codecServer.stdout as NodeJS.ReadableStream })) {
    codecUrl = line;
    break;
  }
});
after(async () => {
  codecServer?.kill('SIGKILL');
  worker?.shutdown();
  await running;
  await harness?.close();
  rmSync(folder, { recursive: true });
});

/** Fakes whose behaviour is looked up at each call. */
const fakes = (): object =>
  fakeActivities({
    before: (...call) => behaviour.before?.(...call),
    site: {
      ...site,
      clusterResourceId: `/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/${cluster}`,
    },
  }).activities;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
const run = (program: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(
      program,
      args,
      { env: { ...process.env, ...env }, timeout: 60_000, maxBuffer: 32 << 20 },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      },
    );
  });
const hepflow = (args: readonly string[], keyFile: string): Promise<Ended> =>
  run(process.execPath, [join(root, 'src/cli/main.ts'), ...args], {
    TEMPORAL_ADDRESS: harness.env.address,
    HEPFLOW_PAYLOAD_KEY: keyFile,
    HEPFLOW_PAYLOAD_MODE: keyFile === '' ? '' : 'require',
  });
const temporal = (...args: readonly string[]): Promise<Ended> =>
  run(temporalProgram, [...args, '--address', harness.env.address]);
const runSpec = { ...spec, cluster, secondNode: { when: 'never' } };

/** What the payloads hold that the CLI printed. */
const payloadsIn = (output: string): string =>
  [...output.matchAll(/"data":\s*"([^"]+)"/g)]
    .map(([, data = '']) => Buffer.from(data, 'base64').toString())
    .join('\n');

/** Every byte of the history but search attributes, which Temporal indexes and so keeps in the clear. */
async function historyBytes(id: string): Promise<Buffer> {
  const { events } = await harness.env.client.workflow.getHandle(id).fetchHistory();
  const kept = (events ?? []).filter(({ upsertWorkflowSearchAttributesEventAttributes: upsert }) => !upsert);
  for (const { workflowExecutionStartedEventAttributes: started } of kept) if (started) started.searchAttributes = null;
  assert.ok(kept.length > 20, `${kept.length} events`);
  return Buffer.from(History.encode({ events: kept }).finish());
}

test('a run that the genuine temporal CLI starts through the codec server leaves no plaintext in its history, and is read with the key', async () => {
  const id = 'started-by-temporal';
  const started = await temporal(
    ...['workflow', 'start', '--type', 'verifyHostEndpoints', '--task-queue', taskQueue, '--workflow-id', id],
    ...['--input', JSON.stringify(runSpec), '--static-summary', `about ${cluster}`, '--codec-endpoint', codecUrl],
  );
  assert.equal(started.code, 0, started.stderr);
  const result = await temporal(
    'workflow',
    'result',
    '--workflow-id',
    id,
    '--codec-endpoint',
    codecUrl,
    '--output',
    'json',
  );
  const report = (JSON.parse(result.stdout) as { result: Report }).result;
  assert.equal(report.outcome, 'PASS');
  assert.ok(report.cluster?.id.endsWith(cluster), JSON.stringify(report.cluster));

  const bytes = await historyBytes(id);
  for (const needle of [cluster, 'frontend', '203.0.113.10', '10.240.0.4', '"json/plain"'])
    assert.ok(!bytes.includes(needle), `the history holds ${needle}`);
  assert.ok(bytes.includes('binary/encrypted'));

  const show = ['workflow', 'show', '--workflow-id', id, '--output', 'json'] as const;
  assert.ok(payloadsIn((await temporal(...show, '--codec-endpoint', codecUrl)).stdout).includes('203.0.113.10'));
  assert.ok(!payloadsIn((await temporal(...show)).stdout).includes('203.0.113.10'));
});

test('messages of failures are encrypted too, and told to whoever has the key', async () => {
  const id = 'failed';
  behaviour = {
    before: (step) => (step === 'createVm' ? failAs('QuotaExceeded', `${cluster} has no cores left`) : undefined),
  };
  const file = join(folder, 'run.json');
  writeFileSync(file, JSON.stringify(runSpec));
  const started = await hepflow(['run', '-f', file, '--id', id, '--task-queue', taskQueue], ring('cli', 'k1'));
  assert.equal(started.code, 3, started.stderr);
  assert.match(started.stdout + started.stderr, /zebra-of-the-west has no cores left/);
  const bytes = await historyBytes(id);
  assert.ok(!bytes.includes('cores left') && !bytes.includes(cluster));
  assert.ok(bytes.includes('Encoded failure') && bytes.includes('QuotaExceeded'), 'codes stay readable');
  behaviour = {};
});

test('the CLI reads with a rotated ring; without the key it says which one is missing; search attributes stay readable', async () => {
  const report = await hepflow(['report', 'failed', '--json'], ring('rotated-cli', 'k2', 'k1'));
  assert.equal((JSON.parse(report.stdout) as Report).failure?.code, 'QuotaExceeded');
  for (const file of ['', ring('other', 'k2')]) {
    const refused = await hepflow(['report', 'failed'], file);
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /"k1".*HEPFLOW_PAYLOAD_KEY/);
  }
  let counted = '';
  for (
    let left = 100;
    left > 0 && !counted.includes('Total: 2');
    left -= 1 // the index follows in its own time
  )
    counted = (await temporal('workflow', 'count', '--query', `HepflowCluster = '${cluster}'`)).stdout;
  assert.match(counted, /Total: 2/);
});

test('a run of a schedule reads its input, though Temporal gives it another workflow id than the schedule names', async () => {
  const { connection, options } = harness.env.client;
  const payloadCodecs = [createPayloadCodec(readPayloadKeys({ value: ring('schedule', 'k1') }), 'require')];
  const client = new Client({ connection, namespace: options.namespace, dataConverter: { payloadCodecs } });
  const schedule = await client.schedule.create({
    scheduleId: 'nightly',
    spec: { intervals: [{ every: '1 day' }] },
    action: {
      ...{ type: 'startWorkflow', workflowType: 'verifyHostEndpoints', workflowId: 'nightly', taskQueue },
      args: [runSpec],
    },
  });
  await schedule.trigger();
  let started: string | undefined;
  while (started === undefined) {
    const [action] = (await schedule.describe()).info.recentActions;
    started = action?.action.type === 'startWorkflow' ? action.action.workflow.workflowId : undefined;
    await setTimeout(50);
  }
  assert.match(started, /^nightly-\d{4}-/);
  const report = (await client.workflow.getHandle(started).result()) as Report;
  assert.equal(report.outcome, 'PASS');
  await schedule.delete();
});

test('a report is compared with the encrypted history by whoever has the key', async () => {
  const file = join(folder, 'report.json');
  for (const id of ['started-by-temporal', 'failed']) {
    assert.ok((await hepflow(['report', id, '--format', 'json', '--output', file], ring('verify', 'k1'))).code >= 0);
    const verified = await hepflow(['report', 'verify', file, '--against-temporal'], ring('verify', 'k1'));
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    assert.match(verified.stdout, /✔ Event \d+ \(WorkflowExecution(Completed|Failed)\)/);
  }
  const refused = await hepflow(['report', 'verify', file, '--against-temporal'], '');
  assert.equal(refused.code, 3, refused.stdout);
  assert.match(refused.stderr, /"k1".*HEPFLOW_PAYLOAD_KEY/);
});

test('both bundles replay the encrypted history, so keys can come and go while runs live', async () => {
  const history = await harness.env.client.workflow.getHandle('failed').fetchHistory();
  const payloadCodecs = [createPayloadCodec(readPayloadKeys({ value: ring('replay', 'k1') }))];
  for (const name of ['workflow-bundle.js', 'workflow-bundle-encrypting.js']) {
    const workflowBundle = { codePath: join(root, 'dist', name) };
    await Worker.runReplayHistory({ workflowBundle, dataConverter: { payloadCodecs } }, history, 'failed');
    await assert.rejects(Worker.runReplayHistory({ workflowBundle }, history, 'failed'), { name: 'ReplayError' });
  }
});

test('the codec server ends at TERM with 0', async () => {
  const exited = once(codecServer, 'exit');
  codecServer.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
});
