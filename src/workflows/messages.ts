import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';
import { cutMessage, enumerate } from '../contract/brief.ts';
import {
  descriptions,
  finishSignal,
  gateStep,
  labelNode2Signal,
  labelNode2Update,
  type Progress,
  progressQuery,
  reportQuery,
  type SecondNodeAnswer,
} from '../contract/messages.ts';
import type { Cleanup } from '../contract/mission.ts';
import type { PhaseOutline, PlannedPhase } from '../contract/plan.ts';
import type { Report } from '../contract/report.ts';
import { fitReport } from './fit-report.ts';
import type { OpenRecord } from './ledger.ts';
import { createReport } from './report.ts';
import type { Run } from './run.ts';

/** What people told the run. Every message may come at any time, and twice. */
export class Messages {
  /** Names of the signals that have come. */
  readonly #signals = new Set<string>();
  readonly #run: Run;
  /** Tells anew what is waited for; undefined: nothing is. */
  #tellWait: (() => void) | undefined;

  /** Sets every handler; to be called before the first await, or early messages would be lost. */
  constructor(run: Run) {
    this.#run = run;
    const describe = (name: keyof typeof descriptions) => ({ description: descriptions[name] });
    for (const name of [labelNode2Signal, finishSignal] as const)
      setHandler(defineSignal(name), () => void this.#signals.add(name), describe(name));
    setDefaultSignalHandler((name) => this.#hear(name)); // gates of other scenarios, and slips of the pen
    setHandler(defineQuery<Progress>(progressQuery), () => run.ledger.describeProgress(), describe(progressQuery));
    setHandler(
      defineQuery<Report>(reportQuery),
      () => run.sealed ?? fitReport(createReport(run)),
      describe(reportQuery),
    );
    // The validator is synchronous: the SDK never awaits one, so an asynchronous one would refuse nothing.
    setHandler(defineUpdate<SecondNodeAnswer>(labelNode2Update), () => this.#answer(), {
      ...describe(labelNode2Update),
      validator: () => this.#refuseIfTooLate(),
    });
  }

  /** Whether to go on with a phase: waits at its gate as that says, and never longer. */
  async hasPassed({ name, gate }: PlannedPhase): Promise<boolean> {
    if (gate === null || gate.when === 'always') return true;
    if (gate.when === 'never') return this.#skip(name, 'The run was asked to leave it out.');
    const { signal, waitMs } = gate;
    const detail = `until ${describeFuture(waitMs)} UTC: signal ${signal} or ${finishSignal}`;
    const record = this.#startWait(gateStep, signal, detail);
    const hasCome = (): boolean => this.#signals.has(signal) || this.#signals.has(finishSignal);
    const inTime = await this.#waitWithin(waitMs, hasCome, `signal ${signal}`, record);
    if (this.#signals.has(signal)) {
      record.finish('asked for');
      return true;
    }
    const why = inTime ? `Signal ${finishSignal} came first.` : `Signal ${signal} did not come in time.`;
    record.skip(why);
    return this.#skip(name, why);
  }

  /** The pause before cleanup `on-signal`. */
  async waitForCleanup({ when, waitMs }: Cleanup): Promise<void> {
    if (when !== 'on-signal') return;
    const record = this.#startWait('awaitFinish', '', `until ${describeFuture(waitMs)} UTC: signal ${finishSignal}`);
    const hasCome = (): boolean => this.#signals.has(finishSignal);
    const inTime = await this.#waitWithin(waitMs, hasCome, `signal ${finishSignal}`, record);
    record.finish(inTime ? 'asked for' : 'nobody asked in time; cleaning up');
  }

  /** Any signal is accepted by Temporal: one that nothing waits for is told, to whoever mistyped it. */
  #hear(name: string): void {
    this.#signals.add(name);
    this.#tellWait?.();
  }

  #startWait(name: string, subject: string, detail: string): OpenRecord {
    const record = this.#run.ledger.startWait(name, subject, detail + this.#describeStrays());
    this.#tellWait = () => record.wait(detail + this.#describeStrays());
    this.#run.enter('waiting');
    return record;
  }

  #describeStrays(): string {
    const gates = this.#listPhases().map((phase) => phase?.gate?.signal);
    const known = new Set<string | undefined>([...gates, labelNode2Signal, finishSignal]);
    const strays = [...this.#signals].filter((name) => !known.has(name)).map((name) => cutMessage(name, 100));
    return strays.length === 0 ? '' : `; nothing waits for signal ${enumerate(strays)}, which came`;
  }

  #skip(phase: string, why: string): false {
    this.#run.skipped.set(phase, why);
    return false;
  }

  async #waitWithin(
    waitMs: number,
    holds: () => boolean,
    summary: string,
    record: { cancel(): void },
  ): Promise<boolean> {
    try {
      return await condition(holds, waitMs, { summary });
    } catch (error) {
      record.cancel();
      throw error;
    } finally {
      this.#tellWait = undefined;
    }
  }

  async #answer(): Promise<SecondNodeAnswer> {
    this.#signals.add(labelNode2Signal);
    await condition(() => this.#listVerdicts().length > 0 || this.#findRefusal() !== undefined);
    const verdicts = this.#listVerdicts();
    if (verdicts.length > 0) return verdicts;
    throw ApplicationFailure.nonRetryable(
      `The second node was not judged: ${this.#findRefusal()}`,
      'SecondNodeRefused',
    );
  }

  /**
   * None while there is no plan. A worker of another version may have planned in another shape: a condition that throws
   * would fail every workflow task (W12).
   */
  #listPhases(): readonly (PhaseOutline | null)[] {
    const phases: unknown = this.#run.preflighted?.plan.phases;
    return Array.isArray(phases) ? phases : [];
  }

  /** The phase that waits for the update's signal; undefined while there is no plan, or where none does. */
  #findPhase(): PhaseOutline | undefined {
    return this.#listPhases().find((phase) => phase?.gate?.signal === labelNode2Signal) ?? undefined;
  }

  #listVerdicts(): SecondNodeAnswer {
    const phase = this.#findPhase();
    return this.#run.ledger.verdicts.filter((verdict) => verdict.phase === phase?.name);
  }

  #findRefusal(): string | undefined {
    const { preflighted, skipped, failure, ledger } = this.#run;
    const phase = this.#findPhase();
    if (ledger.stage === 'undoing' || ledger.stage === 'over')
      return failure?.message ?? `the run is ${ledger.stage} already.`;
    if (preflighted === undefined) return undefined;
    if (phase === undefined) return `no phase of scenario ${preflighted.plan.scenario} waits for it.`;
    if (phase.gate?.when === 'never') return `the spec leaves phase ${phase.name} out (never).`;
    return skipped.get(phase.name);
  }

  #refuseIfTooLate(): void {
    const reason = this.#signals.has(finishSignal) ? `signal ${finishSignal} came first.` : this.#findRefusal();
    if (reason !== undefined && this.#listVerdicts().length === 0)
      throw ApplicationFailure.nonRetryable(`Refused: ${reason}`, 'SecondNodeRefused');
  }
}

const describeFuture = (ms: number): string => new Date(Date.now() + ms).toISOString().slice(0, 19).replace('T', ' ');
