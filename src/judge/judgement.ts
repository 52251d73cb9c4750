import type { Evidence, Phase } from '../contract/evidence.ts';
import type { Finding, Mark, Transition } from '../contract/report.ts';
import type { Verdict } from '../contract/verdict.ts';
import { expectationsOf, type Nodes } from '../scenario/expectations.ts';
import { changesOn } from './changes.ts';
import { findingsOf } from './findings.ts';
import { judge } from './judge.ts';
import { transitionsOf } from './transitions.ts';

/** What a phase's evidence is judged by. */
export interface Grounds {
  readonly phase: Phase;
  readonly nodes: Nodes;
  /** All verdicts of earlier phases. */
  readonly judged: readonly Verdict[];
  /** When the steps made the change that led to the phase. */
  readonly marks: readonly Mark[];
}

/** Everything that a report says about a phase. */
export interface Judgement {
  readonly verdicts: readonly Verdict[];
  readonly transitions: readonly Transition[];
  readonly findings: readonly Finding[];
}

/** All that follows from the evidence of a phase: a run reports it, and whoever verifies the report comes to the same. */
export function judgementOf({ phase, nodes, judged, marks }: Grounds, evidence: Evidence): Judgement {
  const change = { phase, ...changesOn(phase, evidence.targets, nodes, judged), marks };
  const verdicts = judge(expectationsOf(phase, evidence.targets, nodes), evidence, change);
  const transitions = transitionsOf(change, evidence);
  return { verdicts, transitions, findings: findingsOf(verdicts, evidence, transitions) };
}
