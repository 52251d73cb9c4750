import { setCurrentDetails } from '@temporalio/workflow';
import { describeError } from '../contract/brief.ts';
import type { ChangeId, Moment, PlannedChange, UndoEntry } from '../contract/change.ts';
import type { GridCell, Progress, Stage } from '../contract/messages.ts';
import type { ChangeRecord, StepOutcome, StepRecord } from '../contract/report.ts';
import type { Expectation, Verdict } from '../contract/verdict.ts';

import { renderDetails } from './progress.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What has happened so far: steps, changes and verdicts. Every change of it shows in the Web UI's current details. */
export class Ledger {
  readonly steps: StepRecord[] = [];
  readonly changes: ChangeRecord[] = [];
  readonly verdicts: Verdict[] = [];
  readonly warnings: string[] = [];
  stage: Stage = 'preflight';
  #grid: readonly GridCell[] = [];
  readonly #runId: string;

  constructor(runId: string) {
    this.#runId = runId;
  }

  /** Opens a record that runs from now on. */
  start(step: Pick<StepRecord, 'name' | 'subject' | 'makes' | 'undoes'>): OpenRecord {
    return this.#open({ ...step, outcome: 'running', detail: '' });
  }

  /** Opens a record of a change, and of the step that makes it. */
  startChange({ id, phase, step, subject, words, undo }: PlannedChange): OpenRecord {
    if (undo !== null) this.changes.push({ id, phase, words, moments: [] });
    return this.start({ name: step, subject, ...(undo !== null && { makes: id }) });
  }

  startUndo({ undo, subject, change }: UndoEntry): OpenRecord {
    return this.start({ name: undo, subject, ...(change !== '' && { undoes: change }) });
  }

  /** Opens a record of something that is waited for. */
  startWait(name: string, subject: string, detail: string): OpenRecord {
    return this.#open({ name, subject, outcome: 'waiting', detail });
  }

  /** Whether the step that makes a change ended well. */
  hasMade(change: ChangeId): boolean {
    return this.steps.some(({ makes, outcome }) => makes === change && outcome === 'done');
  }

  /** What is known of when a change was asked for, arrived, or was taken back. */
  recordMoments(id: ChangeId, moments: readonly Moment[]): void {
    const index = this.changes.findIndex((change) => change.id === id);
    const change = this.changes[index];
    if (change !== undefined) this.changes[index] = { ...change, moments: [...change.moments, ...moments] };
  }

  /** What is to be judged next; shown until the verdicts are there. */
  showExpectations(rows: readonly Expectation[]): void {
    this.#grid = rows.map(({ phase, vantage, target, expected }) => ({
      ...{ phase, vantage, target: target.id, expected },
      ...{ observed: null, verdict: null },
    }));
  }

  recordVerdicts(verdicts: readonly Verdict[]): void {
    this.#grid = verdicts.map(({ phase, vantage, target, expected, observed, verdict }) => ({
      ...{ phase, vantage, target: target.id, expected, observed, verdict },
    }));
    this.verdicts.push(...verdicts);
    this.publish();
  }

  describeProgress(): Progress {
    const waitingFor = this.steps
      .filter(({ outcome }) => outcome === 'running' || outcome === 'waiting')
      .map(({ name, subject, detail, startedAt }) =>
        [name, subject, detail && `(${detail})`, describeSince(startedAt)].filter(Boolean).join(' '),
      )
      .join(', ');
    return { runId: this.#runId, stage: this.stage, waitingFor, steps: this.steps, grid: this.#grid };
  }

  /** What cannot be shown keeps nothing from being done, least of all undo. */
  publish(): void {
    try {
      setCurrentDetails(renderDetails(this.describeProgress(), this.verdicts));
    } catch (error) {
      setCurrentDetails(`**Run ${this.#runId}**: ${this.stage}; its steps cannot be shown: ${describeError(error)}`);
    }
  }

  #open(fields: Omit<StepRecord, 'startedAt' | 'endedAt' | 'attempts'>): OpenRecord {
    const record: Mutable<StepRecord> = { ...fields, startedAt: readNow(), endedAt: null, attempts: 1 };
    this.steps.push(record);
    this.publish();
    return new OpenRecord(record, () => this.publish());
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
  finish(detail: string, attempts = 1, times: Times = {}): void {
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

  #end(outcome: StepOutcome, detail: string, attempts: number, times: Times = {}): void {
    const startedAt = times.startedAt ?? this.#record.startedAt;
    this.#set({ outcome, detail, attempts, startedAt, endedAt: times.endedAt ?? readNow() });
  }

  #set(change: Partial<StepRecord>): void {
    Object.assign(this.#record, change);
    this.#publish();
  }
}

interface Times {
  readonly startedAt?: string;
  readonly endedAt?: string;
}

/** `since 12:34:56Z`. */
const describeSince = (startedAt: string | null): string =>
  startedAt === null ? '' : `since ${startedAt.slice(11, 19)}Z`;

/** The workflow's clock: the same on every replay. */
export const readNow = (): string => new Date().toISOString();
