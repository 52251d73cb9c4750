/** Scenario and site become a plan: everything that the run will do and expect, before it does anything. */
import type { Cluster } from '../adapters/kubernetes/index.ts';
import { findKind } from '../changes/index.ts';
import type { Draft, PlanContext } from '../changes/kind.ts';
import type { ChangeId, PlannedChange } from '../contract/change.ts';
import type { Lane, Plan, PlannedPhase, PlannedVantage } from '../contract/plan.ts';
import type { Change, Scenario } from '../contract/scenario.ts';
import type { VantageId } from '../contract/vantage.ts';
import { outlinePhases } from '../scenario/outline.ts';
import { listTargets } from '../scenario/targets.ts';
import { findVantageKind } from '../vantage/index.ts';
import type { VantagePart } from '../vantage/kind.ts';

/** `holder`: who will hold the cluster, as it is written in the lease. Reads prior values, and changes nothing (W1). */
export async function planRun(scenario: Scenario, at: PlanContext, holder: string, cluster: Cluster): Promise<Plan> {
  const draft = async (change: Change): Promise<Draft> => {
    const kind = findKind(change);
    return kind.plan(change, at, (await kind.readPrior?.(change, cluster, at)) ?? null);
  };
  const place = async (change: Change, where: PlannedPlace): Promise<PlannedChange> =>
    placeDraft(await draft(change), where);
  const stands = { vantage: null, phase: null, needs: [] };

  const vantages = await planVantages(scenario, at, place);
  const changes = await Promise.all(
    scenario.phases.map(({ name, changes: some }) =>
      Promise.all(some.map((change, index) => place(change, { ...stands, id: `${name}.${index + 1}`, phase: name }))),
    ),
  );
  const [first = [], ...later] = changes;
  const [lane] = scenario.phases;
  const phases = planPhases(scenario, at, [[], ...later]);
  const restored = phases.at(-1);
  if (restored === undefined) throw new Error('A scenario has at least one phase.'); // by its type
  return {
    scenario: scenario.name,
    vantages: vantages.map(({ vantage }) => vantage),
    targets: listTargets(scenario, at.site.nodes),
    lease: await place({ kind: 'lease', holder }, { ...stands, id: 'lease' }),
    lanes: [...vantages.flatMap(({ lanes }) => lanes), { name: lane.name, changes: first }],
    phases: phases.slice(0, -1),
    restored,
  };
}

/** A change's place in the run. */
type PlannedPlace = Pick<PlannedChange, 'id' | 'vantage' | 'phase' | 'needs'>;

const placeDraft = ({ undo, ...draft }: Draft, where: PlannedPlace): PlannedChange => ({
  ...where,
  ...draft,
  undo: { ...undo, change: where.id },
});

function planVantages(
  { vantages }: Scenario,
  at: PlanContext,
  place: (change: Change, where: PlannedPlace) => Promise<PlannedChange>,
): Promise<readonly { readonly vantage: PlannedVantage; readonly lanes: readonly Lane[] }[]> {
  return Promise.all(
    Object.entries(vantages).map(async ([id, spec]) => {
      const { vantage, lanes } = findVantageKind(spec.kind).plan(id, spec, at);
      const planPart = async ({ name, what, needs }: VantagePart): Promise<PlannedChange> => {
        const where = { ...locatePart(id, name), needs: needs.map((each) => locatePart(id, each).id) };
        return 'kind' in what ? place(what, where) : { ...where, ...what, subject: '', undo: null, words: '' };
      };
      const planLane = async ({ name, parts }: (typeof lanes)[number]): Promise<Lane> => ({
        name,
        changes: await Promise.all(parts.map(planPart)),
      });
      return { vantage, lanes: await Promise.all(lanes.map(planLane)) };
    }),
  );
}

const locatePart = (vantage: VantageId, name: string): { id: ChangeId; vantage: VantageId; phase: null } => ({
  id: `${vantage}.${name}`,
  vantage,
  phase: null,
});

/**
 * The phases with their changes and the policies that are in force in each; undo's own proof is the last, when none is.
 */
function planPhases(
  scenario: Scenario,
  { site }: PlanContext,
  changes: readonly (readonly PlannedChange[])[],
): readonly PlannedPhase[] {
  const outlines = outlinePhases(scenario, site.nodes);
  const namesIn = (some: readonly PlannedChange[]): string[] => some.flatMap(({ policy }) => policy ?? []);
  return outlines.map((outline, index) => {
    const isUndo = index === outlines.length - 1;
    const policies = isUndo ? [] : namesIn(changes.slice(0, index + 1).flat());
    return { ...outline, changes: changes[index] ?? [], policies };
  });
}
