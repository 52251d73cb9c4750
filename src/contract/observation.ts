/**
 * What an observer on the VM saw around a change: facts only. It dials every target once a slot, from before the change
 * until it is read back.
 */

/**
 * The outcomes of one target's dials in order of slots, one letter a slot, run-length coded (`412o96d`):
 * `o` OPEN, `d` DROP (no answer within the dial's limit), `r` RST, `i` ICMP_REJECT, `f` PROBE_FAULT, `-` not dialled
 * (the VM was late), or not answered yet when
 * the observer was stopped.
 */
export type Track = string;

/**
 * How the VM's clock stood to the worker's during the observation, measured over the SSH session by exchanges of a line
 * each way, before the observer is stopped and after it.
 */
export interface ClockOffset {
  /** The VM's clock minus the worker's, in milliseconds. */
  readonly offsetMs: number;
  /**
   * The true offset lies within this of `offsetMs`: half of the shortest round trip, and half of the millisecond that
   * the worker's clock shows. In milliseconds.
   */
  readonly uncertaintyMs: number;
  readonly exchanges: number;
  /**
   * How far the VM's clock moved against the worker's between the first comparison and the last, in milliseconds; the
   * uncertainty covers all of it. Absent: nothing shows that it moved.
   */
  readonly movedMs?: number;
}

/** A connection that was opened before the change and is asked for an answer after it. */
export interface HeldConnection {
  /** Target id. */
  readonly target: string;
  /** VM's clock, ISO 8601 with milliseconds. */
  readonly openedAt: string;
  /** When the answer was asked for and the outcome known. */
  readonly checkedAt: string;
  readonly outcome: (typeof heldOutcomes)[number];
  /** First line of the response's body. */
  readonly response?: string;
}

/**
 * `answered`: the rest of a request was sent and a response came; `silent`: none came; `closed`, `reset`: somebody
 * ended it;
 * `unopened`: it could not be opened.
 */
export const heldOutcomes = ['answered', 'silent', 'closed', 'reset', 'unopened'] as const;

/**
 * `read`: it ran until it was read back; `bound`: it had reached its own time limit before, so what came later was not
 * seen.
 */
export const observerEnds = ['read', 'bound'] as const;

export interface Observation {
  /** Start of slot 0 on the VM's clock, ISO 8601 with milliseconds. Slot n starts n x cadenceMs later. */
  readonly startedAt: string;
  readonly slots: number;
  readonly cadenceMs: number;
  /** Limit of a dial, in milliseconds. */
  readonly dialTimeoutMs: number;
  /** The longest that a dial began after its slot's start, in milliseconds. */
  readonly latenessMs: number;
  readonly clock: ClockOffset;
  /** By target id. */
  readonly tracks: Readonly<Record<string, Track>>;
  readonly held: readonly HeldConnection[];
  readonly ended: (typeof observerEnds)[number];
}

/** Something that could not be had, with the reason. */
export interface Missing {
  readonly missing: string;
}

export const isMissing = (found: object): found is Missing => 'missing' in found;

/**
 * A stretch of time in which something happened, ISO 8601 with milliseconds, on the worker's clock: from before it was
 * asked for to after it was seen.
 */
export interface Interval {
  readonly from: string;
  readonly to: string;
}
