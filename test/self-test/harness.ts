/** Runs a mutation on a lab: the real product, in a world that is broken at the right moment. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { Flavour } from '../../lab/calico/flavours.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { taskQueue, workflowType } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import { buildSpec } from '../e2e/world-runs.ts';
import { listDifferences, readState, type State } from '../support/lab-state.ts';
import { WorkerUnderTest } from '../support/worker-under-test/worker.ts';
import { awaitProof, type Ground, type Mend, surveyGround } from './ground.ts';
import { type Judgement, judge } from './judge.ts';
import { type Moment, nameMoment } from './moments.ts';
import type { Fault, Mutation } from './mutation.ts';

export interface Result extends Judgement {
  readonly mutation: Mutation;
  readonly seconds: number;
  /** Whether the lab is as it was, so that the next mutation can have it. */
  readonly labIsClean: boolean;
  /** Undefined when the run did not end in time. */
  readonly report: Report | undefined;
}

export interface SelfTest {
  run(mutation: Mutation): Promise<Result>;
  stop(): Promise<void>;
}

/** Far above what any run takes. */
const runLimitMs = 120_000;
/** What the cluster's own controllers may take to follow. */
const settleMs = 5000;

/**
 * A lab with a worker under test. Default: Calico Cloud, which counts what its policies deny. Runs go one after the other: they share the cluster. An abort gives up the run under
 * way.
 */
export async function startSelfTest(signal?: AbortSignal, calico: Flavour = 'cloud'): Promise<SelfTest> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).toReversed()) await one();
  };
  try {
    const lab = await startLab({ ui: false, calico });
    stops.push(() => lab.stop());
    const connection = await Connection.connect({ address: lab.temporal.address });
    stops.push(() => connection.close());
    const worker = await WorkerUnderTest.start(lab.environment, { act: 'stop always' });
    stops.push(() => worker.kill());
    const ground = await surveyGround(lab);
    const client = new Client({ connection, namespace: lab.temporal.namespace });
    let runs = 0;
    return {
      run: (mutation) => {
        runs += 1;
        return runMutation({ ground, client, worker, signal }, mutation, `self-test-${runs}`);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Stage {
  readonly ground: Ground;
  readonly client: Client;
  readonly worker: WorkerUnderTest;
  readonly signal: AbortSignal | undefined;
}

async function runMutation(
  { ground, client, worker, signal }: Stage,
  mutation: Mutation,
  workflowId: string,
): Promise<Result> {
  const before = await readState(ground.lab);
  const startedAt = performance.now();
  const damage = new Damage(ground, mutation.faults);
  worker.answerStops((stop) => damage.at(nameMoment(stop)));
  let report: Report | undefined;
  try {
    const spec = await buildSpec({ secondNode: { when: 'never' }, ...mutation.spec });
    const handle = await client.workflow.start(workflowType, { taskQueue, workflowId, args: [spec] });
    report = await endOf(handle, signal);
    if (report === undefined) await handle.terminate('it did not end').catch(() => {});
  } finally {
    await damage.mend();
    worker.answerStops(async () => {});
  }
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  if (signal?.aborted) throw new Error('The self-test was interrupted.');
  const left = Object.entries(listDifferences(before, await settled(ground.lab, before)));
  const leftText = left.map(
    ([path, { before: was, after: is }]) => `left in the lab:${path} was ${short(was)}, is ${short(is)}`,
  );
  const names = ground.nodes.map(({ name }) => name);
  const judgement = judge(report, mutation.expected, names);
  const said = report === undefined ? [`the worker said: ${worker.output()}`] : [];
  const problems = [...damage.failures, ...judgement.problems, ...said, ...leftText.slice(0, 5)];
  const labIsClean = left.length === 0 && report !== undefined;
  return { ...judgement, problems, killed: problems.length === 0, mutation, seconds, labIsClean, report };
}

/** Carries faults out at their moments, each once. */
class Damage {
  /** Strikes and mends that failed, and faults that never struck. */
  readonly failures: string[] = [];
  readonly #ground: Ground;
  readonly #waiting: Set<Fault>;
  readonly #done = new Map<Fault, Promise<Mend | undefined>>();

  constructor(ground: Ground, faults: readonly Fault[]) {
    this.#ground = ground;
    this.#waiting = new Set(faults);
  }

  /** The worker waits meanwhile. */
  async at(moment: Moment): Promise<void> {
    for (const fault of [...this.#waiting]) {
      const inProof =
        fault.from.startsWith('in proof of ') && moment === `before probe ${fault.from.slice('in proof of '.length)}`;
      if (!inProof && fault.from !== moment) continue;
      this.#waiting.delete(fault);
      const struck = this.#strike(fault, inProof);
      this.#done.set(fault, struck);
      if (!inProof) await struck;
    }
    for (const fault of [...this.#done.keys()].toReversed()) if (fault.until === moment) await this.#mendOne(fault);
  }

  /** Whatever is still broken. */
  async mend(): Promise<void> {
    for (const fault of this.#waiting) this.failures.push(`the run never came to ${fault.from}`);
    this.#waiting.clear();
    for (const fault of [...this.#done.keys()].toReversed()) await this.#mendOne(fault);
  }

  async #strike({ from, strike }: Fault, inProof: boolean): Promise<Mend | undefined> {
    try {
      if (inProof) await awaitProof(this.#ground);
      return await strike(this.#ground);
    } catch (error) {
      this.failures.push(`${from}: ${String(error)}`);
      return undefined;
    }
  }

  async #mendOne(fault: Fault): Promise<void> {
    const mend = await this.#done.get(fault);
    this.#done.delete(fault);
    await mend?.().catch((error: unknown) => this.failures.push(`mending what began ${fault.from}: ${String(error)}`));
  }
}

/** The report of a run that ended, whatever its outcome; undefined when it did not in time, or was given up. */
async function endOf(handle: WorkflowHandle, signal: AbortSignal | undefined): Promise<Report | undefined> {
  const over = new AbortController();
  const late = sleep(runLimitMs, undefined, {
    signal: signal ? AbortSignal.any([over.signal, signal]) : over.signal,
  }).catch(() => undefined);
  const ended = handle.result().then(
    (report: Report) => report,
    (error: unknown) => {
      const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
      if (cause instanceof ApplicationFailure) return cause.details?.[0] as Report;
      throw error;
    },
  );
  ended.catch(() => {}); // of a run that was given up
  try {
    return await Promise.race([ended, late]);
  } finally {
    over.abort();
  }
}

const short = (value: unknown): string => JSON.stringify(value)?.slice(0, 100) ?? 'nothing';

async function settled(lab: Lab, before: State): Promise<State> {
  for (const deadline = Date.now() + settleMs; ; await sleep(100)) {
    const after = await readState(lab);
    if (Date.now() > deadline || Object.keys(listDifferences(before, after)).length === 0) return after;
  }
}
