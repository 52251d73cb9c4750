/** Whether the report's phases, targets, nodes and vantages are those that its scenario gives for its mission and its cluster. */
import type { Mission } from '../contract/mission.ts';
import type { PhaseOutline } from '../contract/plan.ts';
import type { ClusterSummary, Report } from '../contract/report.ts';
import type { Scenario } from '../contract/scenario.ts';
import { outlinePhases } from '../scenario/outline.ts';
import { listTargets } from '../scenario/targets.ts';
import { type AuditCheck, createCheck } from './check.ts';
import { compareStatements, findDifferences, fromScenario } from './compare.ts';

/** Undefined: no scenario of that name is known. */
export type FindScenario = (name: string, mission: Mission) => Scenario | undefined;

export function checkPlan(report: Report, findScenario: FindScenario): AuditCheck {
  const { scenario: name, mission, cluster } = report;
  if (name === null || mission === null || cluster === null) return checkAbsence(report);
  const scenario = findScenario(name, mission);
  return createCheck(
    `Phases, targets, nodes and vantages are those of the scenario ${name}.`,
    scenario === undefined
      ? [`The scenario ${name} is not known to this version of hepflow: what its phases expect cannot be checked.`]
      : [
          ...findWrongNodes(scenario, mission, cluster),
          ...compareStatements(vantageKind, report.vantages.map(pickSettings), listVantages(scenario)),
          ...compareStatements(targetKind, report.targets, listTargets(scenario, cluster.nodes)),
          ...compareStatements(phaseKind, report.phases.map(omitSkipped), outlinePhases(scenario, cluster.nodes)),
        ],
  );
}

/** A run that ended before its plan was made holds nothing that a plan would be needed for. */
function checkAbsence({ scenario, mission, cluster, vantages, targets, phases, evidence }: Report): AuditCheck {
  const needed = Object.entries({ scenario, mission, cluster });
  const absent = needed.filter(([, value]) => value === null).map(([field]) => field);
  const held = [
    ...needed.filter(([, value]) => value !== null).map(([field]) => field),
    ...Object.entries({ vantages, targets, phases, evidence })
      .filter(([, { length }]) => length > 0)
      .map(([field]) => field),
  ];
  return createCheck(
    'The run had no plan yet, and the report holds nothing that needs one.',
    held.length === 0 ? [] : [`The report holds ${held.join(', ')}, but no ${absent.join(', ')}.`],
  );
}

function findWrongNodes({ nodes }: Scenario, mission: Mission, cluster: ClusterSummary): string[] {
  const named = cluster.nodes.map(({ name }) => name);
  return [
    ...findDifferences(named.length, nodes, 'cluster.nodes.length').map(
      (difference) => `The cluster does not have as many judged nodes as the scenario: ${difference}`,
    ),
    ...findDifferences(named, mission.nodes.length === 0 ? named : mission.nodes, 'cluster.nodes').map(
      (difference) => `The judged nodes are not those that the mission names: ${difference}`,
    ),
  ];
}

const vantageKind = {
  ...{ noun: 'vantages', source: fromScenario },
  name: ({ id }: VantageSettings) => `vantage ${id}`,
};
const targetKind = {
  ...{ noun: 'targets', source: fromScenario },
  name: ({ id }: Report['targets'][number]) => `target ${id}`,
};
const phaseKind = {
  ...{ noun: 'phases', source: fromScenario },
  name: ({ name }: PhaseOutline) => `phase ${name}`,
};

/** What a scenario settles of a vantage; the rest is known once it stands. */
type VantageSettings = Pick<Report['vantages'][number], 'id' | 'kind' | 'adminUser'>;

const pickSettings = ({ id, kind, adminUser }: VantageSettings): VantageSettings => ({ id, kind, adminUser });

const listVantages = ({ vantages }: Scenario): VantageSettings[] =>
  Object.entries(vantages).map(([id, { kind, adminUser }]) => ({ id, kind, adminUser }));

const omitSkipped = ({ skipped: _, ...outline }: Report['phases'][number]): PhaseOutline => outline;
