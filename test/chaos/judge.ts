/** What must hold after every cell. */
import { findProof, type Report } from '../../src/contract/report.ts';
import type { Verdict } from '../../src/contract/verdict.ts';
import { expectAllProved, listVerdicts } from '../e2e/world-runs.ts';
import { listDifferences, type State } from '../support/lab-state.ts';

/** What a run came to. */
export interface Aftermath {
  /** Undefined when the run did not end in time. */
  readonly report: Report | undefined;
  readonly before: State;
  readonly after: State;
  /** Ids of Azure resources that the run created, in order. */
  readonly azureCreations: readonly string[];
  /** Kubernetes objects that the run created, in order. */
  readonly clusterCreations: readonly string[];
}

export interface Judgement {
  readonly survived: boolean;
  /** Objects that differ from before: left, missing or changed. */
  readonly leaked: readonly string[];
  /** Objects that were created more than once. */
  readonly duplicates: readonly string[];
  /** Why a PASS of the report is not one. */
  readonly falsePasses: readonly string[];
  readonly problems: readonly string[];
}

export function judge(aftermath: Aftermath, secondNode: boolean): Judgement {
  const { report, before, after } = aftermath;
  const leaked = Object.keys(listDifferences(before, after)).map((path) => path.split(' › ').slice(1, 3).join(' '));
  const duplicates = [
    ...twice(aftermath.azureCreations.map(kindOf), mostOf),
    ...twice(aftermath.clusterCreations, () => 1),
  ];
  const falsePasses = report === undefined ? [] : report.verdicts.flatMap((row) => whyFalse(report, row));
  const problems: string[] = [];
  if (report === undefined) problems.push('the run did not end');
  if (report !== undefined && report.outcome !== 'PASS') problems.push(`outcome ${report.outcome}: ${report.summary}`);
  if (report?.outcome === 'PASS') {
    const missing = expectAllProved({ secondNode }).filter((line) => !listVerdicts(report).includes(line));
    if (missing.length > 0) falsePasses.push(`PASS without ${missing.join(', ')}`);
  }
  if (report !== undefined && leaked.length > 0 !== report.leftovers.length > 0) {
    problems.push(
      `the report lists ${report.leftovers.length} leftovers: ${report.leftovers.map(({ what, why }) => `${what} (${why})`).join(', ')}`,
    );
  }
  return { survived: problems.length === 0, leaked: [...new Set(leaked)], duplicates, falsePasses, problems };
}

/** Type of a resource by its id; names carry the run's id, so two of one type would be two of one run. */
const kindOf = (id: string): string => {
  const [, path = ''] = id.split('/providers/');
  const [provider, ...segments] = path.split('/');
  return [provider, ...segments.filter((_, index) => index % 2 === 0)].join('/');
};

/** How many of a type one run makes: a peering on each side, one of everything else. */
const mostOf = (kind: string): number => (kind.endsWith('/virtualNetworkPeerings') ? 2 : 1);

function twice(created: readonly string[], most: (kind: string) => number): string[] {
  const counts = Map.groupBy(created, (each) => each);
  return [...counts].filter(([kind, all]) => all.length > most(kind)).map(([kind, all]) => `${all.length} x ${kind}`);
}

/**
 * Why the PASS of a verdict is not one; nothing for any other. A silence needs 3 connections, 9 SYNs and live controls
 * (W4).
 */
function whyFalse(report: Report, row: Verdict): string[] {
  const { phase, target, verdict, expected, observed, evidence } = row;
  if (verdict !== 'PASS') return [];
  const proof = findProof(report, row);
  const why: string[] = [];
  if (observed !== expected) why.push(`${observed} seen, ${expected} expected`);
  if (proof.length < 1 || proof.some(({ outcome }) => outcome !== expected))
    why.push('a proof connection of another outcome');
  if (expected === 'DROP') {
    if (evidence.connections < 3 || proof.length < 3) why.push(`${evidence.connections} connections`);
    if (evidence.syns < 9) why.push(`${evidence.syns} SYNs`);
    if (evidence.controls.length === 0 || evidence.controls.some(({ live }) => !live))
      why.push('a control that was not live');
  }
  return why.map((each) => `${phase} ${target.id}: ${each}`);
}
