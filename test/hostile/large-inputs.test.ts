/** Results that travel through Temporal stay small, and the worker answers, however much a spec or a cluster holds. */
import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { undoEach } from '../../src/activities/undo.ts';
import { resolveMission } from '../../src/config/run-spec.ts';
import { resolveSweep } from '../../src/config/sweep-spec.ts';
import { cutMessage, enumerate } from '../../src/contract/brief.ts';
import { HepflowError } from '../../src/contract/failures.ts';
import { inspectCluster } from '../../src/preflight/cluster/index.ts';
import { createWorkshop } from '../../src/scenario/workshop.ts';
import type { StepContext, Tools } from '../../src/step/context.ts';
import { fakeCluster, healthy } from '../preflight/fake-cluster.ts';

const megabyte = 1_000_000;
const spec = { subscriptionId: '00000000-0000-4000-8000-000000000001', resourceGroup: 'group', cluster: 'lab' };

test('preflight of 5,000 nodes and 500 policies gives less than 1 MB and lets the worker go on', async (t) => {
  const mission = resolveMission(spec);
  const nodes = Array.from({ length: 5000 }, (_, at) => [`nodes/node-${at}`, healthy['nodes/node-a']]);
  const policy = (selector: string) => ({ spec: { selector, types: ['Ingress'] } });
  const policies = Array.from({ length: 500 }, (_, at) => [
    `globalnetworkpolicies/policy-${at}-${'n'.repeat(40)}`,
    policy(`has(agentpool) && !has(label-${at}) || x == '${'y'.repeat(1000)}'`),
  ]);
  const contents = { ...healthy, ...Object.fromEntries([...nodes, ...policies]) };
  const cluster = fakeCluster({ contents });
  const tools: Pick<Tools, 'clusters'> = { clusters: { of: async () => cluster, close: async () => {} } };
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const startedAt = performance.now();
  const found = await inspectCluster({ mission, scenario: createWorkshop(mission) }, 'deadbeef', tools);
  const tookMs = Math.round(performance.now() - startedAt);
  delay.disable();
  const bytes = Buffer.byteLength(JSON.stringify({ problems: found.problems, warnings: found.warnings }));
  const longestMs = Math.round(delay.max / 1e6);
  t.diagnostic(`${bytes} bytes in ${tookMs} ms; the event loop waited for at most ${longestMs} ms`);
  const [first = ''] = found.warnings;
  assert.match(first, /of node-a, node-b, .* and 4998 more: there it may cut/);
  assert.match(found.warnings.at(-1) ?? '', /^There are \d+ more warnings; hepflow doctor lists them\.$/);
  assert.ok(found.warnings.every((each) => each.length <= 500));
  assert.ok(bytes < megabyte, `${bytes} bytes`);
  assert.ok(longestMs < 2000, `the event loop waited for ${longestMs} ms`);
});

const image = (field: string) => ({ vm: { image: { [field]: 'i'.repeat(3_000_000) } } });
const many = (entry: string, length = 200_000): readonly string[] => Array.from({ length }, () => entry);
const specs: readonly [what: string, part: object, field: string, says: RegExp][] = [
  ['an image publisher', image('publisher'), 'vm.image.publisher', /1 to 128 characters/],
  ['an image version', image('version'), 'vm.image.version', /1 to 128 characters/],
  ['a VM size', { vm: { sizes: [`Standard_${'B'.repeat(3_000_000)}`] } }, 'vm.sizes[0]', /must be a VM size/],
  ['a list of VM sizes', { vm: { sizes: many('Standard_B1s') } }, 'vm.sizes', /at most 20 VM sizes/],
  ['one VM size too many', { vm: { sizes: many('Standard_B1s', 21) } }, 'vm.sizes', /at most 20 VM sizes/],
  ['a list of SSH sources', { vm: { allowedSshSources: many('*') } }, 'vm.allowedSshSources', /at most 100 CIDRs/],
  ['a list of nodes', { nodes: many('node') }, 'nodes', /exactly two/],
  ['a field that is none', { ['f'.repeat(3_000_000)]: 1 }, `${'f'.repeat(77)}...`, /is not a field/],
];
for (const [what, part, field, says] of specs)
  test(`${what} without measure is refused by field, cut value and remedy`, () => {
    const startedAt = performance.now();
    const error = errorOf(() => resolveMission({ ...spec, ...part }));
    const [problem] = error.problems;
    assert.equal(error.problems.length, 1);
    assert.ok(problem !== undefined && problem.remedy.length > 0);
    assert.equal(problem.field, field);
    assert.match(problem.message, says);
    assert.ok(JSON.stringify([error.message, error.problems]).length < 3000);
    assert.ok(performance.now() - startedAt < 2000);
  });

test('a spec with 5,000 unknown fields is told by its first problems, for a run and for a sweep', () => {
  const wrong = { ...spec, ...Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`field${at}`, at])) };
  for (const resolve of [resolveMission, resolveSweep]) {
    const { problems, message } = errorOf(() => resolve(wrong));
    assert.equal(problems.length, 50);
    assert.match(problems.at(-1)?.message ?? '', /There are 4951 more problems/);
    assert.ok(message.length < 10_000);
  }
});

test('a spec with 200,000 fields, wide, deep or listed, is refused without a look at each', (t) => {
  const wide = Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [`field${at}`, at]));
  const deep: unknown = Array.from({ length: 200_000 }).reduce((inner: unknown) => ({ vm: inner }), 1);
  for (const [what, wrong] of Object.entries({ wide, deep, listed: { nodes: Array(200_000).fill({}) } }))
    for (const resolve of [resolveMission, resolveSweep]) {
      const startedAt = performance.now();
      const { problems } = errorOf(() => resolve(wrong));
      t.diagnostic(`${what}: ${(performance.now() - startedAt).toFixed(1)} ms`);
      assert.match(problems[0]?.message ?? '', /at most 10000 fields/);
      assert.equal(problems.length, 1);
    }
});

test('an undo that Azure refuses with megabytes of words is reported in 500 characters', async () => {
  const refusing = { of: async () => Promise.reject(new Error('x'.repeat(2_000_000))) };
  const tools = { clusters: refusing, azure: {} } as unknown as Tools;
  const context = {
    ...{ run: { runId: 'deadbeef' }, attempt: 1, signal: new AbortController().signal, pollIntervalMs: 10 },
    ...{ resume: undefined, heartbeat: () => {} },
  } as unknown as StepContext;
  const entries = ['deletePolicy', 'y'.repeat(100_000)].map((undo) => ({ undo, input: {} }) as never);
  const outcomes = await undoEach({ entries, observers: [] }, tools, context);
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome),
    ['failed', 'failed'],
  );
  assert.ok(outcomes.every(({ detail }) => detail.length <= 500));
});

test('names are listed up to five, and a message is never cut within a character', () => {
  assert.equal(enumerate(['a', 'b', 'c', 'd', 'e']), 'a, b, c, d and e');
  assert.equal(enumerate(Array.from({ length: 400 }, (_, at) => `n${at}`)), 'n0, n1, n2, n3, n4 and 395 more');
  assert.equal(cutMessage('😀'.repeat(400)).isWellFormed(), true);
  assert.equal(cutMessage('x'.repeat(500)).length, 500);
});

function errorOf(call: () => unknown): HepflowError {
  try {
    call();
  } catch (error) {
    if (error instanceof HepflowError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
