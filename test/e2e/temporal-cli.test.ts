import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Progress } from '../../src/contract/messages.ts';
import { findProof, type Report } from '../../src/contract/report.ts';
import { exampleFile, startWorld, type World } from './world.ts';
import { expectAllProved, listVerdicts, waitUntil } from './world-runs.ts';

let world: World;
before(async () => {
  world = await startWorld();
  await world.startWorker();
});
after(() => world?.stop());

/** A command of the CLI that must succeed; what it prints. */
async function temporal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await world.temporal(...args);
  assert.equal(code, 0, `temporal ${args.join(' ')}: ${stderr}`);
  return stdout;
}

const json = async <T>(...args: string[]): Promise<T> => JSON.parse(await temporal(...args, '--output', 'json')) as T;

async function query<T>(type: string, id: string): Promise<T> {
  const { queryResult } = await json<{ queryResult: [T] }>('workflow', 'query', '--type', type, '--workflow-id', id);
  return queryResult[0];
}

const start = (id: string, ...input: string[]): Promise<string> =>
  temporal(
    'workflow',
    'start',
    '--type',
    'verifyHostEndpoints',
    '--task-queue',
    'hepflow',
    '--workflow-id',
    id,
    ...input,
  );

interface Described {
  readonly workflowExecutionInfo: {
    readonly historyLength: string;
    readonly historySizeBytes: string;
    readonly searchAttributes: { readonly indexedFields: Readonly<Record<string, { readonly data: string }>> };
    readonly memo: { readonly fields: { readonly hepflow: unknown } };
  };
}

async function searchAttributesOf(id: string): Promise<Record<string, unknown>> {
  const { workflowExecutionInfo } = await json<Described>('workflow', 'describe', '--workflow-id', id);
  const fields = Object.entries(workflowExecutionInfo.searchAttributes.indexedFields).filter(([name]) =>
    name.startsWith('Hepflow'),
  );
  return Object.fromEntries(fields.map(([name, { data }]) => [name, decoded(data)]));
}

const decoded = (data: string): unknown => JSON.parse(Buffer.from(data, 'base64').toString());

test('the temporal CLI and a worker are enough to start a run, watch it, send its signal, and get its proof', {
  timeout: 300_000,
}, async (t) => {
  const id = 'by-hand';
  const stateBefore = await world.state();
  await start(id, '--input-file', exampleFile);

  await waitUntil(
    'it waits for the second node',
    async () => (await query<Progress>('progress', id)).stage === 'waiting',
  );
  await t.test('while it waits, queries, the Web UI and kubectl show where it stands', () => showsWhereItStands(id));

  await temporal('workflow', 'signal', '--name', 'labelNode2', '--workflow-id', id);
  const { status, result } = await json<{ status: string; result: Report }>('workflow', 'result', '--workflow-id', id);
  assert.equal(status, 'COMPLETED');
  await t.test('its report proves each deny with at least 3 connections and 9 SYNs under live controls (W4)', () =>
    proves(result),
  );
  await t.test('every step has its start and its end', () => {
    for (const { name, subject, outcome, startedAt, endedAt } of result.steps) {
      assert.equal(outcome, 'done', `${name} ${subject}`);
      assert.ok(
        startedAt !== null && endedAt !== null && Date.parse(endedAt) >= Date.parse(startedAt),
        `${name} ${subject}: ${startedAt} to ${endedAt}`,
      );
    }
  });
  await t.test('its history has at most 160 events and 175,000 bytes, and a summary on every activity', () =>
    isSmallAndTold(id),
  );
  await t.test('it is found by its search attributes, with its outcome in the memo', () => isFound(id, result));
  await t.test('its report verifies: the chain, what follows from it, and the head that Temporal knows', () =>
    verifies(id),
  );
  await t.test('Azure and the cluster are as before (W3, W6)', async () =>
    assert.deepEqual(await world.state(), stateBefore),
  );
});

/** The details that the Web UI reads are those of the built-in metadata query. */
async function showsWhereItStands(id: string): Promise<void> {
  const { currentDetails, definition } = await query<{
    currentDetails: string;
    definition: { signalDefinitions: { name: string; description: string }[] };
  }>('__temporal_workflow_metadata', id);
  assert.match(
    currentDetails,
    /waiting; waiting for awaitSignal labelNode2 \(until 20[^)]* UTC: signal labelNode2 or finish/,
  );
  assert.match(currentDetails, /\| ✔ done \| createVm \| {2}\| \d+\.\d s \| Standard_B2ts_v2 \|/);
  assert.match(
    currentDetails,
    /\| PASS \| enforced \| aks-nodepool1-31415926-vmss000000:30080 \| DROP \| DROP \| .* did not answer: \d+ SYNs/,
  );
  assert.match(await temporal('workflow', 'metadata', '--workflow-id', id), /⏳ waiting \| awaitSignal/);
  const signals = new Map(definition.signalDefinitions.map(({ name, description }) => [name, description]));
  assert.match(signals.get('labelNode2') ?? '', /second node/);
  assert.ok(signals.has('finish'));
  assert.deepEqual(await searchAttributesOf(id), { HepflowCluster: 'lab', HepflowPhase: 'waiting' });

  const heps = await world.kubectl('get', 'heps', '--no-headers', '--label-columns', 'host-end-point');
  const rows = heps.stdout
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/));
  assert.deepEqual(
    rows.map(([name, , , label = '']) => [name, label]),
    [0, 1, 2].map((n) => [`aks-nodepool1-31415926-vmss00000${n}-auto-hep`, n === 0 ? 'test' : '']),
    heps.stderr,
  );
}

function proves(report: Report): void {
  assert.equal(report.outcome, 'PASS');
  assert.deepEqual(report.leftovers ?? [], []); // the CLI prints an empty list as null
  assert.deepEqual(listVerdicts(report), expectAllProved({ secondNode: true }));
  assert.deepEqual(new Set(report.verdicts.map(({ verdict }) => verdict)), new Set(['PASS']));
  const denies = report.verdicts.filter(({ expected }) => expected === 'DROP');
  assert.equal(denies.length, 3);
  for (const deny of denies) {
    const { evidence } = deny;
    assert.ok(
      evidence.connections >= 3 && evidence.syns >= 9,
      `${evidence.connections} connections, ${evidence.syns} SYNs`,
    );
    assert.equal(new Set(findProof(report, deny).map(({ sourcePort }) => sourcePort)).size, evidence.connections);
    assert.ok(
      evidence.controls.length >= 2 && evidence.controls.every(({ live }) => live),
      JSON.stringify(evidence.controls),
    );
  }
}

async function isSmallAndTold(id: string): Promise<void> {
  const { historyLength, historySizeBytes } = (await json<Described>('workflow', 'describe', '--workflow-id', id))
    .workflowExecutionInfo;
  assert.ok(Number(historyLength) <= 160, `${historyLength} events`);
  assert.ok(Number(historySizeBytes) > 0 && Number(historySizeBytes) <= 175_000, `${historySizeBytes} bytes`);
  const { events } = await json<{ events: { eventType: string; userMetadata?: { summary?: { data: string } } }[] }>(
    'workflow',
    'show',
    '--workflow-id',
    id,
  );
  const scheduled = events.filter(({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED');
  const summaries = scheduled.map(({ userMetadata }) => decoded(userMetadata?.summary?.data ?? '""'));
  assert.ok(summaries.length >= 18 && summaries.every((summary) => summary !== ''), JSON.stringify(summaries));
  for (const one of ['preflight', 'createVm', 'probe baseline', 'labelNode aks-nodepool1-31415926-vmss000001'])
    assert.ok(summaries.includes(one), one);
  const timers = events.filter(({ eventType }) => eventType === 'EVENT_TYPE_TIMER_STARTED');
  assert.deepEqual(
    timers.map(({ userMetadata }) => decoded(userMetadata?.summary?.data ?? '""')),
    ['signal labelNode2'],
  );
}

async function verifies(id: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hepflow-report-'));
  try {
    const file = join(folder, 'report.json');
    const written = await world.hepflow('report', id, '--format', 'json', '--output', file);
    assert.equal(written.code, 0, written.stderr);
    const { code, stdout, stderr } = await world.hepflow('report', 'verify', file, '--against-temporal');
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /✔ The chain of evidence is whole: 4 links/);
    const text = await readFile(file, 'utf8');
    await writeFile(
      file,
      text.replace(/"elapsedMs": (\d)/, (_, digit: string) => `"elapsedMs": ${(Number(digit) + 1) % 10}`),
    );
    assert.equal((await world.hepflow('report', 'verify', file)).code, 1);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function isFound(id: string, { runId, summary, evidence, seal }: Report): Promise<void> {
  assert.deepEqual(await searchAttributesOf(id), {
    HepflowCluster: 'lab',
    HepflowPhase: 'over',
    HepflowOutcome: 'PASS',
  });
  const found = (): Promise<{ execution: { workflowId: string } }[]> =>
    json('workflow', 'list', '--query', `HepflowOutcome = 'PASS' AND HepflowCluster = 'lab'`);
  // The index follows in its own time.
  await waitUntil('it is found', async () => (await found()).some(({ execution }) => execution.workflowId === id));
  const { memo } = (await json<Described>('workflow', 'describe', '--workflow-id', id)).workflowExecutionInfo;
  assert.deepEqual(memo.fields.hepflow, {
    runId,
    outcome: 'PASS',
    summary,
    leftovers: 0,
    evidenceHead: evidence.at(-1)?.seal?.sha256,
    reportSeal: seal?.sha256,
  });
}

interface Failed {
  readonly status: string;
  readonly closeEvent: {
    readonly workflowExecutionFailedEventAttributes: {
      readonly failure: {
        readonly message: string;
        readonly applicationFailureInfo: {
          readonly type: string;
          readonly nonRetryable: boolean;
          readonly details: [Report];
        };
      };
    };
  };
}

const garbage: readonly {
  readonly what: string;
  readonly input: readonly string[];
  readonly problems: readonly (readonly [field: string, message: RegExp])[];
}[] = [
  { what: 'no input', input: [], problems: [['', /must be an object/]] },
  { what: 'null', input: ['--input', 'null'], problems: [['', /must be an object/]] },
  { what: 'a text', input: ['--input', '"garbage"'], problems: [['', /must be an object.*"garbage"/]] },
  { what: 'a list', input: ['--input', '[[1, 2]]'], problems: [['', /must be an object/]] },
  {
    what: 'a spec with five mistakes',
    input: [
      '--input',
      JSON.stringify({
        subscriptionId: 'mine',
        cluster: 'lab',
        colour: 'red',
        workload: { nodePort: 80 },
        vm: { addressSpace: '192.168.0.0/99' },
      }),
    ],
    problems: [
      ['subscriptionId', /"mine"/],
      ['resourceGroup', /missing/],
      ['workload.nodePort', /30000 to 32767; got 80/],
      ['vm.addressSpace', /192\.168\.0\.0\/99/],
      ['colour', /is not a field/],
    ],
  },
];

for (const { what, input, problems } of garbage) {
  test(`${what} as input fails the workflow at once with InvalidInput and every problem, and never hangs`, {
    timeout: 90_000,
  }, async () => {
    const id = `garbage-${what.replaceAll(' ', '-')}`;
    await start(id, ...input);
    const { code, stdout } = await world.temporal('workflow', 'result', '--workflow-id', id, '--output', 'json');
    assert.equal(code, 1);
    const { status, closeEvent } = JSON.parse(stdout) as Failed;
    const { message, applicationFailureInfo } = closeEvent.workflowExecutionFailedEventAttributes.failure;
    assert.deepEqual(
      [status, applicationFailureInfo.type, applicationFailureInfo.nonRetryable],
      ['FAILED', 'InvalidInput', true],
    );
    const { failure, outcome } = applicationFailureInfo.details[0];
    assert.deepEqual([outcome, failure?.code], ['ERROR', 'InvalidInput']);
    assert.deepEqual(
      failure?.problems.map(({ field }) => field).toSorted(),
      problems.map(([field]) => field).toSorted(),
    );
    for (const [field, pattern] of problems) {
      const problem = failure?.problems.find((each) => each.field === field);
      assert.match(problem?.message ?? '', pattern);
      assert.ok(problem?.remedy, `${field} has no remedy`);
      assert.ok(message.includes(problem.message), message);
    }
  });
}
