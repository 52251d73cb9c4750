/**
 * Changes as they travel: planned, applied, undone. All of it is data, so that it lives in history and any worker can
 * carry it out.
 */
import type { FailureCode } from './failures.ts';
import type { Interval } from './observation.ts';
import type { PhaseName } from './phase.ts';
import type { VantageId } from './vantage.ts';

/** Unique within a plan: `vm.network`, `enforced.1`. */
export type ChangeId = string;

/** Time limits of a step in milliseconds: of one try, and of all tries together. */
export interface Limits {
  readonly tryMs: number;
  readonly totalMs: number;
}

/** A change with everything that is known before it is made. */
export interface PlannedChange {
  readonly id: ChangeId;
  /** The vantage that it is made for; null: none. */
  readonly vantage: VantageId | null;
  /** The phase that it leads to; null: it is made for a vantage, or for the run. */
  readonly phase: PhaseName | null;
  /** Activity type that makes it: its name in history, progress and report. */
  readonly step: string;
  /** What tells two uses of one step apart, such as a node's name; empty otherwise. */
  readonly subject: string;
  /** Texts in it may hold `${<vantage>.<fact>}`. */
  readonly input: object;
  /** Registered before the change is attempted (W2); null: it changes nothing. */
  readonly undo: UndoEntry | null;
  /** Changes that must be made before. */
  readonly needs: readonly ChangeId[];
  /** For people: "host-end-point=test on node aks-1". */
  readonly words: string;
  readonly limits: Limits;
  /** Object name of a policy that it puts in force: nodes may count the packets that this one denies. */
  readonly policy?: string;
}

/**
 * One entry of the undo stack. Undoing what never happened is success (W2); objects without the run's mark are left
 * alone (W6).
 */
export interface UndoEntry {
  /** The change that it takes back; empty: a sweep does, whose run is over. */
  readonly change: ChangeId;
  /** Its name in history, progress and report: `restoreLabel`. */
  readonly undo: string;
  readonly input: object;
  /** What it is about, for people: a name, an id's last part. */
  readonly subject: string;
  /** The exact command that does the same by hand; shown when undo cannot. */
  readonly command: string;
  /** How the time line names it; null: it opens no port. */
  readonly moment: MomentWords | null;
}

export const undoResults = ['done', 'nothing', 'conflict', 'failed'] as const;
export type UndoResult = (typeof undoResults)[number];

export interface UndoOutcome {
  /**
   * `done`; `nothing`: there was nothing to undo; `conflict`: somebody else changed it, it is left alone (W3);
   * `failed`.
   */
  readonly outcome: UndoResult;
  /** For `failed`: whether trying again can help. */
  readonly retryable: boolean;
  /** For `failed`; else empty. */
  readonly code: FailureCode | '';
  readonly detail: string;
  /** For `nothing`: the thing itself was not there. */
  readonly isAbsent?: true;
  readonly startedAt: string;
  readonly endedAt: string;
}

/** What a change answers once it is made. */
export interface Applied {
  /** What was found, one line for the step table. */
  readonly found: string;
  /** When it was asked for, and when it was seen to have arrived; none when an earlier try did it. */
  readonly moments?: readonly Moment[];
  readonly facts?: Facts;
  /** Sentences for the report. */
  readonly warnings?: readonly string[];
}

/** What a step learnt that later steps or the report need. A vantage's are filled in as `${<vantage>.<fact>}`. */
export interface Facts {
  /** Where SSH reaches a vantage. */
  readonly publicAddress?: string;
  /** What nodes see as the source of its connections. */
  readonly sourceAddress?: string;
  /** `uname -r`. */
  readonly kernel?: string;
  readonly hostEndpoints?: readonly string[];
  readonly hostEndpointFlowLogs?: FlowLogs;
}

/** `enabled`: read back as true; `not supported by this Calico`: the field was pruned. */
export const flowLogStates = ['enabled', 'not supported by this Calico', 'not attempted'] as const;
export type FlowLogs = (typeof flowLogStates)[number];

/** How a moment is told. */
export interface MomentWords {
  readonly name: string;
  /** For a time line: `policy sent and accepted`. */
  readonly title: string;
  /** For a sentence, of what was asked for: `the policy was sent`; empty otherwise. */
  readonly words: string;
  /** The node that it is about; absent when it is about no single node. */
  readonly node?: string;
}

/**
 * `asked`: a change was asked for; `reached`: it was seen to have arrived where the policy reads it; `undone`: it was
 * taken back;
 * `observed`: a connection showed it, or the proof was complete.
 */
export const momentRoles = ['asked', 'reached', 'undone', 'observed'] as const;

/** Something that happened within an interval: its width is the uncertainty (round trip, cadence, clock offset). */
export interface Moment extends MomentWords, Interval {
  readonly role: (typeof momentRoles)[number];
}

/** Moments that the judge reads off connections, in no order. */
export const observedMoments = [
  'lastOpen',
  'firstSilent',
  'lastLeak',
  'lastSilent',
  'firstOpen',
  'proofComplete',
] as const;
export type ObservedMoment = (typeof observedMoments)[number];

/** The value of a field that a run changes; null: the field is absent. */
export type FieldValue = string | boolean | null;
