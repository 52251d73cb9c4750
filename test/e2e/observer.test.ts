import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { Evidence } from '../../src/contract/evidence.ts';
import { isMissing, type Observation } from '../../src/contract/observation.ts';
import type { Report } from '../../src/contract/report.ts';
import { readTrack } from '../../src/evidence/track.ts';
import { startWorld, type WorkerProcess, type World } from './world.ts';
import { awaitEnd, expectAllProved, listVerdicts, queryProgress, startRun, waitUntil } from './world-runs.ts';

let world: World;
const workers = new Set<WorkerProcess>();
before(async () => {
  world = await startWorld();
});
after(() => world?.stop());
afterEach(async () => {
  for (const worker of workers) await worker.kill();
  workers.clear();
});

async function startWorker(): Promise<WorkerProcess> {
  const worker = await world.startWorker();
  workers.add(worker);
  return worker;
}

const inPhase = (report: Report, phase: Evidence['phase']): Evidence => {
  const evidence = report.evidence.find((one) => one.phase === phase);
  assert.ok(evidence, `no evidence of ${phase}`);
  return evidence;
};

function observationIn(report: Report, phase: Evidence['phase']): Observation {
  const { observation } = inPhase(report, phase);
  assert.ok(observation !== undefined && !isMissing(observation), `${phase}: ${JSON.stringify(observation)}`);
  return observation;
}

/** `o` for a stretch of open, `d` for one of silence, and so on: `od` is one edge. */
function shapeOf(observation: Observation, target: string): string {
  const dials = readTrack(observation.tracks[target] ?? '', observation.slots).filter((dial) => dial !== '-');
  return dials.filter((dial, index) => dial !== dials[index - 1]).join('');
}

test("each change of a run is seen as one edge, by a clock that is tied to the worker's", {
  timeout: 300_000,
}, async () => {
  await startWorker();
  const { report, failed } = await awaitEnd(await startRun(world, { secondNode: { when: 'always' } }));
  assert.equal(failed, undefined, JSON.stringify(report?.failure));
  assert.deepEqual(listVerdicts(report), expectAllProved({ secondNode: true }));
  assert.equal(inPhase(report, 'baseline').observation, undefined);
  const [first = '', second = ''] = (report.cluster?.nodes ?? []).map(({ name }) => name);
  const shapes = { enforced: ['od', 'o'], second: ['d', 'od'], restored: ['do', 'do'] } as const;
  for (const [phase, [onFirst, onSecond]] of Object.entries(shapes)) {
    const observation = observationIn(report, phase as Evidence['phase']);
    assert.equal(shapeOf(observation, `${first}:30080`), onFirst, `${phase}: ${JSON.stringify(observation.tracks)}`);
    assert.equal(shapeOf(observation, `${second}:30080`), onSecond, `${phase}: ${JSON.stringify(observation.tracks)}`);
    for (const node of [first, second]) assert.equal(shapeOf(observation, `${node}:10250`), 'o', phase);
    // The lab's VM has the worker's own clock.
    const { offsetMs, uncertaintyMs, exchanges } = observation.clock;
    assert.ok(Math.abs(offsetMs) <= uncertaintyMs, `${phase}: ${offsetMs} +- ${uncertaintyMs} ms`);
    assert.equal(exchanges, 16, 'half of them before the observer was stopped, half after');
    assert.equal(observation.ended, 'read');
  }
  assert.deepEqual(
    observationIn(report, 'enforced').held.map(({ outcome }) => outcome),
    ['answered', 'answered'],
  );
});

test('a worker that is killed between label and verdict does not take the observation with it', {
  timeout: 300_000,
}, async () => {
  const worker = await startWorker();
  const handle = await startRun(world, { secondNode: { when: 'never' } });
  await waitUntil('the node is labelled', async () => {
    const { steps } = await queryProgress(handle);
    return steps.some(({ name, outcome }) => name === 'labelNode' && outcome === 'done');
  });
  await worker.kill();
  const killedAt = Date.now();
  await startWorker();
  const { report, failed } = await awaitEnd(handle);
  assert.equal(failed, undefined, JSON.stringify(report?.failure));
  const { endedAt } = report.steps.find(({ name, subject }) => name === 'probe' && subject === 'enforced') ?? {};
  assert.ok(Date.parse(endedAt ?? '') > killedAt, 'it was killed too late for this test');
  assert.deepEqual(listVerdicts(report), expectAllProved({ secondNode: false }));
  const observation = observationIn(report, 'enforced');
  assert.ok(Date.parse(observation.startedAt) < killedAt);
  const [first = ''] = (report.cluster?.nodes ?? []).map(({ name }) => name);
  assert.equal(shapeOf(observation, `${first}:30080`), 'od');
});
