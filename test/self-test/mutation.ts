/** What a mutation is, and what mutations have in common. */
import type { Finding, RunOutcome } from '../../src/contract/report.ts';
import type { VerdictKind } from '../../src/contract/verdict.ts';
import type { Spec } from '../e2e/world-runs.ts';
import { nodePort } from './ground.ts';
import type { Moment, Phase } from './moments.ts';
import type { Strike } from './strikes.ts';

export interface Fault {
  /** `in proof of PHASE`: once a SYN of the proof was repeated, a second after it began. */
  readonly from: Moment | `in proof of ${Phase}`;
  /** Default: after undo, so never within the run. */
  readonly until?: Moment;
  readonly strike: Strike;
}

/** What kills the mutant. Nodes are called node-1 and node-2. */
export interface Expected {
  readonly outcome: RunOutcome;
  /** The row of the table that shows it. */
  readonly row: `${Phase} ${string}`;
  readonly verdict: VerdictKind;
  /** Of the row. */
  readonly sentence: RegExp;
  /** Beside the row, of its phase. */
  readonly findings?: readonly (Pick<Finding, 'about' | 'result'> & { readonly sentence: RegExp })[];
  /** Of the transition of the row: least time from the change to its effect. */
  readonly tookAtLeastMs?: number;
  /** Of the probe of the row's phase, at least. */
  readonly attempts?: number;
}

export interface Mutation {
  /** Unique; what `--only` looks at. */
  readonly name: string;
  /** What is broken, where and when. */
  readonly breaks: string;
  readonly faults: readonly Fault[];
  /** Parts of the run's spec. */
  readonly spec?: Spec;
  readonly expected: Expected;
}

export const port = (index: 1 | 2): string => `node-${index}:${nodePort}`;
export const kubelet = (index: 1 | 2): string => `node-${index}:10250`;

export const denied = `enforced ${port(1)}` as const;
export const control = `enforced ${port(2)}` as const;

/** A deny that never comes is not worth the whole wait; a service takes up to a second to work on every node. */
export const impatient: Spec = { probe: { convergenceMs: 2500 } };

export const silent =
  /^node-1:30080 did not answer: \d+ SYNs on 3 connections in 3\.\d s\. node-2:30080 and node-1:10250 answered before, during and after\.$/;
const answered = /^node-1:30080 should not have answered\. It answered all 3 connections, the quickest in /;
export const leaks: Expected = { outcome: 'FAIL', row: denied, verdict: 'FAIL', sentence: answered };
export const passes: Expected = { outcome: 'PASS', row: denied, verdict: 'PASS', sentence: silent };

/** The dataplane has something else for the policy, from its first second to the end of the proof. */
export const policyIs = (strike: Strike): Fault => ({
  from: 'before applyPolicy',
  until: 'after probe enforced',
  strike,
});
export const whileDenied = (strike: Strike): Fault => ({
  from: 'before probe enforced',
  until: 'after probe enforced',
  strike,
});
