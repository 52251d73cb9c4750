import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createFault, type ScenarioName, scenarios } from '../../lab/azure/faults/scenarios.ts';
import type { UndoEntry } from '../../src/contract/change.ts';
import { failures } from '../../src/contract/failures.ts';
import type { RunRef } from '../../src/contract/run.ts';
import { createIds, createPeeringId } from '../../src/ownership/names.ts';
import type { Tools } from '../../src/step/context.ts';
import { type AzureUnderTest, clusterVnetId, runRef, startAzureUnderTest, toolsOf } from '../support/azure.ts';
import { listAzureChanges } from '../support/azure-steps.ts';
import { draftChange, planUndo } from '../support/changes.ts';
import { callStep, callUndo, codeOf, type Ending } from '../support/like-temporal.ts';
import { type AzureStep, chain, type StepRow, stepRows } from './azure-fault-rows.ts';
import { type UndoRow, undoRows } from './azure-undo-fault-rows.ts';

const quick = 15;
const durations = Object.fromEntries(
  [
    ...['network', 'publicIp', 'securityGroup', 'interface', 'peering', 'vm'].flatMap((kind) => [
      kind,
      `${kind}Delete`,
    ]),
    'vmUpdate',
    'diskDelete',
  ].map((kind) => [kind, quick]),
);

let azure: AzureUnderTest;
let tools: Tools;
let runs = 0;
before(async () => {
  azure = await startAzureUnderTest({ durations: { ...durations, interfaceReservation: 100 } });
  tools = toolsOf(azure.adapter());
});
after(() => azure[Symbol.asyncDispose]());

const nameOf = ({ scenario, where }: { scenario: ScenarioName; where?: string }): string =>
  where === undefined ? scenario : `${scenario} ${where}`;

const inputOf = (run: RunRef, step: AzureStep): object =>
  draftChange(listAzureChanges(run)[step], run, { clusterVnetId }).input;

/** The ids that each step leaves behind, children included. */
function madeBy(run: RunRef): { [N in AzureStep]: readonly string[] } {
  const ids = createIds(run);
  return {
    createNetwork: [ids.network, ids.subnet],
    createPublicIp: [ids.publicIp],
    createSecurityGroup: [ids.securityGroup, `${ids.securityGroup}/securityRules/AllowRuleSSH`],
    createInterface: [ids.interface],
    createVm: [ids.vm, ids.osDisk],
    peerToCluster: [createPeeringId(ids.network, run.runId)],
    peerFromCluster: [createPeeringId(clusterVnetId, run.runId)],
  };
}

const needs: { [N in AzureStep]: readonly AzureStep[] } = {
  createNetwork: [],
  createPublicIp: [],
  createSecurityGroup: [],
  createInterface: chain.slice(0, 3),
  createVm: chain.slice(0, 4),
  peerToCluster: ['createNetwork'],
  peerFromCluster: ['createNetwork', 'peerToCluster'],
};

const idsIn = (inventory: object): string[] =>
  (inventory as { resources: { id: string }[] }).resources.map(({ id }) => id.toLowerCase());
const undosOf = (run: RunRef, steps: readonly AzureStep[]): UndoEntry[] =>
  steps.map((step) => planUndo(listAzureChanges(run)[step], run, { clusterVnetId })).reverse();
const newRun = (): RunRef => runRef((0xfa000000 + ++runs).toString(16));
/** Of the step's own resource, accepted by Azure (a dropped answer has status 0). */
const writesOf = (run: RunRef, step: AzureStep): number =>
  azure.lab
    .requests()
    .filter(
      ({ method, path, status }) =>
        method === 'PUT' && status < 400 && path.toLowerCase() === madeBy(run)[step][0]?.toLowerCase(),
    ).length;
const tokens = (): number =>
  azure.lab.requests().filter(({ method, path }) => method === 'POST' && path.endsWith('/token')).length;

async function make(run: RunRef, steps: readonly AzureStep[]): Promise<void> {
  for (const step of steps) assert.ok((await callStep(step, run, inputOf(run, step), tools)).output, step);
}

/** Undoes all that was attempted; nothing may be left, and nothing else be gone. */
async function undoAll(run: RunRef, steps: readonly AzureStep[], inventory: object): Promise<void> {
  for (const [{ undo }, outcomes] of await callUndo(run, undosOf(run, steps), tools))
    assert.match(outcomes.at(-1)?.outcome ?? '', /^(done|nothing)$/, `${undo}: ${outcomes.at(-1)?.detail}`);
  assert.deepEqual(azure.lab.inventory(), inventory);
}

function assertStopped(row: StepRow, { failures: failed, output }: Ending<unknown>): void {
  assert.equal(output, undefined);
  assert.equal(failed.length, 1, 'it stops at once');
  const [failure] = failed;
  assert.ok(failure !== undefined && row.stops !== undefined);
  assert.deepEqual([codeOf(failure), failure.type, failure.nonRetryable], [row.stops, row.stops, true]);
  assert.ok(failures[row.stops].remedy.length > 20);
}

function assertPassed({ passes = [] }: StepRow, { failures: failed, output }: Ending<unknown>): void {
  const codes = failed.map(codeOf);
  assert.ok(output !== undefined, `it never succeeded: ${failed.map(({ message }) => message).join('\n')}`);
  if (!('mostly' in passes)) {
    assert.deepEqual(codes, passes);
    return;
  }
  const { mostly, also = [] } = passes;
  if (mostly !== undefined) assert.ok(codes.includes(mostly), String(codes));
  const allowed: readonly string[] = [...also, ...(mostly === undefined ? [] : [mostly])];
  assert.deepEqual(
    codes.filter((code) => !allowed.includes(code)),
    [],
  );
}

async function playStep(row: StepRow): Promise<void> {
  const run = newRun();
  const inventory = azure.lab.inventory();
  await make(run, needs[row.step]);
  const tokensBefore = tokens();
  azure.lab.faults.add(createFault(row.scenario, row.at));
  const ending = await callStep(row.step, run, inputOf(run, row.step), tools);
  if (row.stops !== undefined) assertStopped(row, ending);
  else {
    assertPassed(row, ending);
    assert.deepEqual(
      idsIn(azure.lab.inventory()).filter((id) => id.includes(run.runId)),
      [...needs[row.step], row.step].flatMap((step) => madeBy(run)[step].map((id) => id.toLowerCase())).sort(),
      'every resource once, and no other',
    );
    assert.equal(writesOf(run, row.step), row.writes ?? 1, 'writes that Azure took');
  }
  if (row.says !== undefined) assert.match(ending.failures[0]?.message ?? '', row.says);
  if (row.waitsMs !== undefined) assert.equal(ending.waitsMs[0], row.waitsMs);
  if (row.size !== undefined) assert.equal(ending.output?.found, row.size);
  if (row.scenario === 'expiredToken') assert.equal(tokens() - tokensBefore, 1, 'exactly one refresh');
  if (row.scenario === 'listLag') await assertFoundById(run);
  await undoAll(run, [...needs[row.step], row.step], inventory);
}

/** A list that lags behind misleads nobody: the next try looks by id. */
async function assertFoundById(run: RunRef): Promise<void> {
  const listed = await tools.azure.networks.list({
    subscriptionId: run.subscriptionId,
    resourceGroup: run.resourceGroup,
  });
  assert.ok(listed.every(({ id }) => !id.includes(run.runId)));
  await make(run, ['createNetwork']);
  assert.equal(writesOf(run, 'createNetwork'), 1);
}

async function playUndo(row: UndoRow): Promise<void> {
  const run = newRun();
  const inventory = azure.lab.inventory();
  await make(run, row.of);
  const tokensBefore = tokens();
  azure.lab.faults.add(createFault(row.scenario, row.at));
  const attempted = row.of.length === 0 ? (['createNetwork'] as const) : row.of;
  const told = await callUndo(run, undosOf(run, attempted), tools);
  const outcomes = [...told].find(([{ undo }]) => undo === row.undo)?.[1] ?? [];
  const wrong = outcomes.filter(({ outcome }) => outcome === 'failed');
  if (row.stops !== undefined) {
    assert.deepEqual(
      outcomes.map(({ outcome, code, retryable }) => [outcome, code, retryable]),
      [['failed', row.stops, false]],
    );
    assert.ok(failures[row.stops].remedy.length > 20);
  } else {
    assert.equal(outcomes.at(-1)?.outcome, row.outcome ?? 'done', wrong.at(-1)?.detail ?? '');
    assert.deepEqual([...new Set(wrong.map(({ code }) => code))], row.passes === undefined ? [] : [row.passes]);
    assert.ok(wrong.every(({ retryable }) => retryable));
  }
  if (row.says !== undefined) assert.match(wrong[0]?.detail ?? '', row.says);
  if (row.scenario === 'expiredToken') assert.equal(tokens() - tokensBefore, 1, 'exactly one refresh');
  azure.lab.faults.clear();
  await undoAll(run, attempted, inventory);
}

const promise = ({ passes, stops }: StepRow | UndoRow): string => {
  if (stops !== undefined) return `stops with ${stops}`;
  if (passes === undefined || (Array.isArray(passes) && passes.length === 0)) return 'goes unnoticed';
  if (typeof passes === 'string') return `is tried again after ${passes}`;
  if (!('mostly' in passes)) return `is tried again after ${passes.join(', ')}`;
  return `is tried again after ${passes.mostly ?? `${passes.also?.join(' or ')}, if at all`}`;
};

describe('a row of the error table befalls a step: what is undone afterwards leaves the subscription as it was', () => {
  for (const row of stepRows)
    test(`${nameOf(row)}: ${row.step} ${promise(row)}`, async () => {
      try {
        await playStep(row);
      } finally {
        azure.lab.faults.clear();
      }
    });
});

describe('a row of the error table befalls an undo: nothing is left once it is over', () => {
  for (const row of undoRows)
    test(`${nameOf(row)}: ${row.undo} ${promise(row)}`, async () => {
      try {
        await playUndo(row);
      } finally {
        azure.lab.faults.clear();
      }
    });
});

test('every scenario of the stand-in Azure has its row', () => {
  const played = new Set<string>([...stepRows, ...undoRows].map(({ scenario }) => scenario));
  assert.deepEqual(
    Object.keys(scenarios).filter((name) => !played.has(name)),
    [],
  );
});
