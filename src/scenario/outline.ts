/**
 * What each phase of a scenario expects of every target. Every phase judges the whole table, so that collateral damage
 * shows.
 */
import type { Expected, Target } from '../contract/evidence.ts';
import { restoredPhase } from '../contract/phase.ts';
import type { ExpectationRow, PhaseOutline } from '../contract/plan.ts';
import type { Matrix, PhaseSpec, Scenario, TargetName } from '../contract/scenario.ts';
import type { NodeSite } from '../contract/site.ts';
import type { Expectation } from '../contract/verdict.ts';
import { createTargetId } from './targets.ts';

type NamedNodes = readonly Pick<NodeSite, 'name'>[];

/** A target with the place in the scenario that it comes from. */
interface Cell {
  readonly id: string;
  readonly name: TargetName;
  readonly node: number;
  readonly expected: Expected;
}

/** The phases in order; undo's own proof is the last. */
export function outlinePhases(scenario: Scenario, nodes: NamedNodes): readonly PhaseOutline[] {
  return [...scenario.phases, describeRestored(scenario)].map((phase) => ({
    name: phase.name,
    title: phase.title,
    claim: phase.claim,
    gate: phase.gate ?? null,
    required: phase.required,
    expectations: expectFrom(scenario, phase.expect, nodes),
  }));
}

/** Undo's own proof expects what the first phase does. */
const describeRestored = ({ phases: [first], restored }: Scenario): PhaseSpec => ({
  ...{ name: restoredPhase, ...restored, required: false, changes: [], expect: first.expect },
});

/** A row for every target from every vantage, target by target in the order of the scenario. */
function expectFrom({ vantages, targets }: Scenario, expect: Matrix, nodes: NamedNodes): readonly ExpectationRow[] {
  const cells = Object.entries(targets).flatMap(([name, { port, nodes: numbers }]) =>
    numbers.flatMap((node): Cell[] => {
      const site = nodes[node];
      return site === undefined
        ? []
        : [{ id: createTargetId(site.name, port), name, node, expected: pick(expect, name, node) }];
    }),
  );
  return Object.keys(vantages).flatMap((vantage) =>
    cells.map((cell) => ({
      ...{ vantage, target: cell.id, expected: cell.expected },
      controls: cell.expected === 'DROP' ? chooseControls(cell, cells) : [],
    })),
  );
}

function pick(expect: Matrix, name: TargetName, node: number): Expected {
  const of = expect[name];
  return (typeof of === 'object' ? of[node] : of) ?? 'OPEN';
}

/**
 * What has to answer beside a silent target: the same port of another node, and another port of the same node. Where
 * that port is
 * silent on every node, another port of another node stands in for the first.
 */
function chooseControls(silent: Cell, cells: readonly Cell[]): readonly string[] {
  const open = cells.filter(({ expected }) => expected === 'OPEN');
  const elsewhere = open.filter(({ node }) => node !== silent.node);
  const chosen = new Set([
    elsewhere.find(({ name }) => name === silent.name) ?? elsewhere[0],
    open.find(({ node }) => node === silent.node),
  ]);
  return open.filter((cell) => chosen.has(cell)).map(({ id }) => id);
}

/** The rows of one vantage in a phase, with their targets. A row of a target that is not listed is left out. */
export function listExpectations(
  { name: phase, expectations }: Pick<PhaseOutline, 'name' | 'expectations'>,
  vantage: string,
  targets: readonly Target[],
): readonly Expectation[] {
  const byId = new Map(targets.map((target) => [target.id, target]));
  return expectations.flatMap((row) => {
    const target = byId.get(row.target);
    return row.vantage !== vantage || target === undefined ? [] : [{ ...row, phase, target }];
  });
}
