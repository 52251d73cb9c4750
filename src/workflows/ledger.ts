import { setCurrentDetails } from '@temporalio/workflow';
import type { GridCell, Progress, RunPhase } from '../contract/messages.ts';
import type { StepOutcome, StepRecord } from '../contract/report.ts';
import type { Expectation, Verdict } from '../contract/verdict.ts';
import { detailsOf } from './progress.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What has happened so far: step records and verdicts. Every change shows in the Web UI's current details. */
export class Ledger {
  readonly steps: StepRecord[] = [];
  readonly verdicts: Verdict[] = [];
  readonly warnings: string[] = [];
  phase: RunPhase = 'preflight';
  #grid: readonly GridCell[] = [];
  readonly #runId: string;

  constructor(runId: string) {
    this.#runId = runId;
  }

  /** Opens a record that runs from now on. */
  start(name: StepRecord['name'], subject: string, outcome: StepOutcome = 'running', detail = ''): OpenRecord {
    const record: Mutable<StepRecord> = {
      name,
      subject,
      outcome,
      startedAt: now(),
      endedAt: null,
      attempts: 1,
      detail,
    };
    this.steps.push(record);
    this.publish();
    return new OpenRecord(record, () => this.publish());
  }

  /** What is to be judged next; shown until the verdicts are there. */
  judging(expectations: readonly Expectation[]): void {
    this.#grid = expectations.map(({ target, phase, expected }) => ({
      target: target.id,
      phase,
      expected,
      observed: null,
      verdict: null,
    }));
  }

  judged(verdicts: readonly Verdict[]): void {
    this.#grid = verdicts.map(({ target, phase, expected, observed, verdict }) => ({
      target: target.id,
      phase,
      expected,
      observed,
      verdict,
    }));
    this.verdicts.push(...verdicts);
    this.publish();
  }

  progress(): Progress {
    const open = this.steps.filter(({ outcome }) => outcome === 'running' || outcome === 'waiting');
    const waitingFor = open
      .map(({ name, subject, detail, startedAt }) =>
        [name, subject, detail && `(${detail})`, since(startedAt)].filter(Boolean).join(' '),
      )
      .join(', ');
    return { runId: this.#runId, phase: this.phase, waitingFor, steps: this.steps, grid: this.#grid };
  }

  publish(): void {
    setCurrentDetails(detailsOf(this.progress(), this.verdicts));
  }
}

/** A record that has not ended yet. */
export class OpenRecord {
  readonly #record: Mutable<StepRecord>;
  readonly #publish: () => void;

  constructor(record: Mutable<StepRecord>, publish: () => void) {
    this.#record = record;
    this.#publish = publish;
  }

  wait(detail: string): void {
    this.#set({ outcome: 'waiting', detail });
  }

  /** `times`: when the step itself says when it ran, to be preferred over the workflow's view. */
  finish(detail: string, attempts = 1, times: { readonly startedAt?: string; readonly endedAt?: string } = {}): void {
    this.#end('done', detail, attempts, times);
  }

  fail(detail: string, attempts = 1): void {
    this.#end('failed', detail, attempts);
  }

  cancel(attempts = 1): void {
    this.#end('cancelled', '', attempts);
  }

  skip(detail: string): void {
    this.#end('skipped', detail, 1);
  }

  #end(
    outcome: StepOutcome,
    detail: string,
    attempts: number,
    times: { readonly startedAt?: string; readonly endedAt?: string } = {},
  ): void {
    this.#set({
      outcome,
      detail,
      attempts,
      startedAt: times.startedAt ?? this.#record.startedAt,
      endedAt: times.endedAt ?? now(),
    });
  }

  #set(change: Partial<StepRecord>): void {
    Object.assign(this.#record, change);
    this.#publish();
  }
}

/** `since 12:34:56Z`. */
const since = (startedAt: string | null): string => (startedAt === null ? '' : `since ${startedAt.slice(11, 19)}Z`);

export const now = (): string => new Date().toISOString();
