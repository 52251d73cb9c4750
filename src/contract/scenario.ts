/**
 * A scenario as data: from where (vantages), to what (targets), and phase by phase what changes and what is then
 * expected.
 */
import type { Expected } from './evidence.ts';
import type { gateRules, ProbeVmSpec } from './mission.ts';
import type { PhaseName } from './phase.ts';
import type { VantageId } from './vantage.ts';

export type TargetName = string;

export interface Scenario {
  readonly name: string;
  /** How many nodes are judged. They are counted from 0, in the order of the mission, else by name. */
  readonly nodes: number;
  readonly vantages: Readonly<Record<VantageId, VantageSpec>>;
  readonly targets: Readonly<Record<TargetName, TargetSpec>>;
  /** In order. The changes of the first one are made while the vantages are: nobody watches them. */
  readonly phases: readonly [PhaseSpec, ...PhaseSpec[]];
  /** Words of undo's own proof. */
  readonly restored: PhaseWords;
}

/** `azureVm`: a VM that the run creates and removes. */
export type VantageSpec = { readonly kind: 'azureVm' } & ProbeVmSpec;

/** A port of nodes. `nodePort`: of a service; `openPort`: a port that is there. */
export type TargetSpec =
  | {
      readonly kind: 'nodePort';
      readonly port: number;
      readonly nodes: readonly number[];
      readonly service: ServiceRef;
    }
  | { readonly kind: 'openPort'; readonly port: number; readonly nodes: readonly number[] };

export interface ServiceRef {
  readonly namespace: string;
  readonly name: string;
}

export interface PhaseWords {
  /** One line: `Enforced: node 1 carries the label`. */
  readonly title: string;
  /** What it is to prove, a sentence. */
  readonly claim: string;
}

export interface PhaseSpec extends PhaseWords {
  readonly name: PhaseName;
  /** What the phase waits for; absent: it comes at once. */
  readonly gate?: Gate;
  /** Whether a run whose phase is not all PASS ends here, undone (W1). */
  readonly required: boolean;
  readonly changes: readonly Change[];
  /** Targets that are not named are expected to be OPEN. */
  readonly expect: Matrix;
}

/** By target: one outcome, or one for each node by its number; a node that is not named is expected to be OPEN. */
export type Matrix = Readonly<Record<TargetName, Expected | Readonly<Record<number, Expected>>>>;

export interface Gate {
  /** Temporal signal that opens it. */
  readonly signal: string;
  /** `on-signal`: wait for the signal; `always`: go on at once; `never`: pass the phase by. */
  readonly when: (typeof gateRules)[number];
  /** How long `on-signal` waits before the run goes on without the phase, in milliseconds. */
  readonly waitMs: number;
}

/**
 * One thing that the run does to the world. Which fields it has beside `kind` is its kind's matter
 * (changes/<kind>/plan.ts). A text
 * in it may hold `${<vantage>.sourceAddress}`, which is filled in when the vantage stands.
 */
export interface Change {
  readonly kind: string;
  readonly [field: string]: unknown;
}
