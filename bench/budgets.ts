/**
 * Measures what the design promises, on this machine, and prints it beside the budget: `node bench/budgets.ts [RUNS]`
 * (default 3).
 * Nothing fails on a figure: machines are noisy. Medians of RUNS runs on one lab; the tools must have been built
 * (scripts/setup).
 */
import { readFileSync } from 'node:fs';
import Table from 'cli-table3';
import { taskQueue, workflowType } from '../src/contract/messages.ts';
import type { Report, StepRecord } from '../src/contract/report.ts';
import { exampleFile, startWorld } from '../test/e2e/world.ts';

const runs = Number(process.argv[2] ?? '3');
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const labStart = performance.now();
const world = await startWorld({ calicoPace: 'calico' });
const labMs = performance.now() - labStart;
try {
  const workerStart = performance.now();
  const worker = await world.startWorker();
  const workerMs = performance.now() - workerStart;
  const idleMb = residentMb(worker.pid);
  const measured: Awaited<ReturnType<typeof measure>>[] = [];
  for (let run = 0; run < runs; run += 1) measured.push(await measure(run));
  const of = (key: keyof (typeof measured)[number]): number => median(measured.map((one) => one[key]));
  const table = new Table({
    head: ['what', 'budget', `measured (median of ${runs})`],
    style: { head: [], border: [] },
  });
  table.push(
    ['lab ready, tools built, Temporal included', '8 s', `${seconds(labMs)} (once)`],
    ['worker start to polling, bundle ready', '1 s', `${seconds(workerMs)} (once)`],
    ['worker memory, idle', '250 MB', `${idleMb} MB`],
    ['worker memory, after the runs', '', `${residentMb(worker.pid)} MB`],
    ['a whole run with the second node, start to report', '', seconds(of('totalMs'))],
    ['time outside any step, as a share of the run', '', `${((100 * of('gapsMs')) / of('totalMs')).toFixed(1)} %`],
    ['the run against its longest chain of steps', '1.1 x', `${of('ratio').toFixed(2)} x`],
    [
      'deny proved, from policy accepted to verdict',
      'convergence + 3.5 s',
      `${seconds(of('denyMs'))}, of which convergence ${seconds(of('convergenceMs'))}`,
    ],
    ['history of the happy run', '160 events, 175,000 bytes', `${of('events')} events, ${of('bytes')} bytes`],
  );
  process.stdout.write(`${table.toString()}\n`);
} finally {
  await world.stop();
}

async function measure(run: number) {
  const spec = { ...(JSON.parse(readFileSync(exampleFile, 'utf8')) as object), secondNode: { when: 'always' } };
  const handle = await world.client.workflow.start(workflowType, {
    taskQueue,
    workflowId: `bench-${run}`,
    args: [spec],
  });
  const report = (await handle.result()) as Report;
  const { historyLength, historySize = Number.NaN } = await handle.describe();
  const step = (name: string, subject = ''): StepRecord | undefined =>
    report.steps.find((one) => one.name === name && one.subject === subject);
  const gapsMs = report.timings.totalMs - busyMs(report.steps);
  const denyMs = Date.parse(step('probe', 'enforced')?.endedAt ?? '') - Date.parse(step('applyPolicy')?.endedAt ?? '');
  return {
    totalMs: report.timings.totalMs,
    gapsMs,
    ratio: report.timings.totalMs / (report.timings.totalMs - gapsMs),
    denyMs,
    convergenceMs: report.timings.convergenceMs.enforced ?? Number.NaN,
    events: historyLength,
    bytes: historySize,
  };
}

/** Milliseconds in which at least one step was under way: the length of the union of their intervals. */
function busyMs(steps: readonly StepRecord[]): number {
  const intervals = steps
    .flatMap(({ startedAt, endedAt }) =>
      startedAt && endedAt ? [[Date.parse(startedAt), Date.parse(endedAt)] as const] : [],
    )
    .toSorted(([a], [b]) => a - b);
  let covered = 0;
  let until = 0;
  for (const [start, end] of intervals) {
    covered += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return covered;
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024);
}
