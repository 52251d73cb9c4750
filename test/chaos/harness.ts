/** Runs a cell of the matrix on a lab, and judges it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ApplicationFailure,
  CancelledFailure,
  Client,
  Connection,
  TerminatedFailure,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import type { Flavour } from '../../lab/calico/flavours.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { taskQueue, workflowType } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import { buildSpec } from '../e2e/world-runs.ts';
import { listDifferences, readState, type State } from '../support/lab-state.ts';
import { type Judgement, judge } from './judge.ts';
import type { Cell } from './matrix.ts';
import { arm, type Strike } from './strikes.ts';

/** What became of a cell. */
export interface CellResult extends Judgement {
  readonly cell: Cell;
  /** From the blow until every step that it met was done; undefined when there was no such step. */
  readonly recoveredMs: number | undefined;
  readonly totalMs: number;
  /** Whether the lab is as it was, so that the next cell can have it. */
  readonly labIsClean: boolean;
  /** What the workers printed last, for a cell that failed. */
  readonly output: string;
}

/** A lab whose Temporal server survives a kill, and a client of it. */
export interface ChaosWorld {
  readonly lab: Lab;
  run(cell: Cell): Promise<CellResult>;
  stop(): Promise<void>;
}

/** Far above what any cell takes: a kill costs 10 s, the heartbeat timeout. */
const cellLimitMs = 150_000;
/** What the cluster's own controllers may take to follow, after they lost their API server. */
const settleMs = 3000;
/** What a worker or a server may take to start again. */
const comeBackMs = 20_000;

export async function startChaosWorld(calico: Flavour = 'oss'): Promise<ChaosWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'hepflow-chaos-'));
  const stops = [() => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).toReversed()) await one();
  };
  try {
    const lab = await startLab({ ui: false, calico, temporalDatabaseFile: join(folder, 'temporal.db') });
    stops.push(() => lab.stop());
    const connection = await Connection.connect({ address: lab.temporal.address });
    stops.push(() => connection.close());
    const client = new Client({ connection, namespace: lab.temporal.namespace });
    let runs = 0;
    return {
      lab,
      run: (cell) => {
        runs += 1;
        return runCell(lab, client, cell, `chaos-${runs}`);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function runCell(lab: Lab, client: Client, cell: Cell, workflowId: string): Promise<CellResult> {
  const before = await readState(lab);
  const azureBefore = lab.azure.creations().length;
  const clusterBefore = (await lab.cluster.creations()).length;
  for (const fault of cell.slow) lab.azure.faults.add(fault);
  const strike = await arm(lab, cell.fault);
  const startedAt = Date.now();
  let report: Report | undefined;
  let blow: PromiseSettledResult<number>;
  try {
    const spec = await buildSpec({ secondNode: { when: cell.secondNode ? 'always' : 'never' } });
    const handle = await client.workflow.start(workflowType, { taskQueue, workflowId, args: [spec] });
    report = await endOf(handle, startedAt + cellLimitMs);
    if (report === undefined) await handle.terminate('it did not end').catch(() => {});
  } finally {
    blow = await stopped(strike);
  }
  const after = await settled(lab, before);
  const judgement = judge(
    {
      ...{ report, before, after },
      azureCreations: lab.azure.creations().slice(azureBefore),
      clusterCreations: (await lab.cluster.creations()).slice(clusterBefore),
    },
    cell.secondNode,
  );
  const problems = [...judgement.problems, ...(blow.status === 'rejected' ? [String(blow.reason)] : [])];
  const survived = problems.length === 0;
  return {
    ...{ cell, ...judgement, problems, survived },
    recoveredMs:
      blow.status === 'fulfilled' && report !== undefined && cell.fault.kind !== 'nothing'
        ? recovery(report, blow.value)
        : undefined,
    totalMs: Date.now() - startedAt,
    labIsClean: judgement.leaked.length === 0 && report !== undefined && blow.status === 'fulfilled',
    output: survived ? '' : strike.output(),
  };
}

/** Whether the fault struck. What it ended may still be on its way back when the run is over. */
async function stopped(strike: Strike): Promise<PromiseSettledResult<number>> {
  const waiting = new AbortController();
  await Promise.race([
    Promise.allSettled([strike.over]),
    sleep(comeBackMs, undefined, { signal: waiting.signal }).catch(() => {}),
  ]);
  waiting.abort();
  await strike.stop();
  const [blow] = await Promise.allSettled([strike.over]);
  return blow;
}

/**
 * The report of a run that ended, whatever its outcome; undefined when it did not in time. A server that is away is
 * asked again.
 */
async function endOf(handle: WorkflowHandle, deadline: number): Promise<Report | undefined> {
  const over = new AbortController();
  const late = sleep(Math.max(0, deadline - Date.now()), undefined, { signal: over.signal }).catch(() => undefined);
  const ended = async (): Promise<Report | undefined> => {
    while (Date.now() < deadline) {
      try {
        return (await handle.result()) as Report;
      } catch (error) {
        if (error instanceof WorkflowFailedError) return reportIn(error);
        await sleep(300); // the server is away
      }
    }
    return undefined;
  };
  try {
    return await Promise.race([ended(), late]);
  } finally {
    over.abort();
  }
}

function reportIn({ cause }: WorkflowFailedError): Report | undefined {
  if (cause instanceof ApplicationFailure && cause.details?.[0] !== undefined) return cause.details[0] as Report;
  if (cause instanceof CancelledFailure || cause instanceof TerminatedFailure) return undefined;
  throw cause ?? new Error('The run failed without a cause.');
}

async function settled(lab: Lab, before: State): Promise<State> {
  for (const deadline = Date.now() + settleMs; ; await sleep(200)) {
    const after = await readState(lab);
    if (Date.now() > deadline || Object.keys(listDifferences(before, after)).length === 0) return after;
  }
}

/** Until the last step that was under way at the blow, or else the first that began afterwards, was done. */
function recovery({ steps }: Report, blowAt: number): number | undefined {
  const times = steps.flatMap(({ startedAt, endedAt }) =>
    startedAt === null || endedAt === null ? [] : [{ from: Date.parse(startedAt), to: Date.parse(endedAt) }],
  );
  const later = times.filter(({ to }) => to >= blowAt);
  const met = later.filter(({ from }) => from <= blowAt).map(({ to }) => to);
  const next = later.map(({ to }) => to).toSorted((a, b) => a - b)[0];
  const end = met.length > 0 ? Math.max(...met) : next;
  return end === undefined ? undefined : end - blowAt;
}
