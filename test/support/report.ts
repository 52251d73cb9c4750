/** Reports of runs of any scenario, judged as a run judges them. */
import type { Evidence, Target } from '../../src/contract/evidence.ts';
import type { PhaseName } from '../../src/contract/phase.ts';
import type { PhaseOutline } from '../../src/contract/plan.ts';
import { type Report, reportSchemaVersion } from '../../src/contract/report.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import type { VantageId } from '../../src/contract/vantage.ts';
import type { Expectation } from '../../src/contract/verdict.ts';
import { sealEvidence } from '../../src/evidence/seal.ts';
import { type Judgement, judgePhase, listHeld } from '../../src/judge/judgement.ts';
import { listMoments } from '../../src/judge/moments.ts';
import { decideOutcome } from '../../src/judge/outcome.ts';
import { summarize } from '../../src/judge/sentences/summary.ts';
import { listExpectations, outlinePhases } from '../../src/scenario/outline.ts';
import { listTargets } from '../../src/scenario/targets.ts';
import { mission, workshop, workshopNodes } from './scenarios.ts';
import { listChanges, type ToldChange } from './told-changes.ts';
import { createToldEvidence, type PhaseStory } from './told-evidence.ts';
import { formTime, timePhase } from './told-time.ts';

export interface RunStory {
  readonly scenario?: Scenario;
  readonly nodes?: readonly { readonly name: string; readonly internalIp: string }[];
  readonly phases?: Readonly<Record<PhaseName, PhaseStory>>;
  /** The last phase that was judged; the run ended, or is, after it. */
  readonly until?: PhaseName;
  /** Fields that differ from those of a run that was carried out. */
  readonly change?: Partial<Report>;
}

const runId = '0a1b2c3d';

/** The report of a run of the workshop, all PASS, but for what is told. */
export function tellRun(story: RunStory = {}): Report {
  const { scenario = workshop, nodes = workshopNodes, change } = story;
  const outlines = outlinePhases(scenario, nodes);
  const targets = listTargets(scenario, nodes);
  const changes = listChanges(scenario, nodes, outlines.length - 1);
  const last = outlines.findIndex(({ name }) => name === story.until);
  const judged = outlines.slice(0, last === -1 ? outlines.length : last + 1);
  const seen = judgeWorld(story, { scenario, outlines, judged, targets, changes });
  const outcome = change?.outcome ?? decideOutcome(seen.verdicts, seen.findings);
  const ending = { stage: 'over', failure: null, leftovers: [], ...change, outcome };
  return {
    schemaVersion: reportSchemaVersion,
    ...{ runId, workflowId: 'hepflow-lab-abc123', firstExecutionRunId: '0190a0a0-0000-7000-8000-000000000001' },
    ...{ outcome, summary: summarize({ ...ending, ...seen }), stage: 'over', failure: null },
    ...{ scenario: scenario.name, targets, vantages: describeVantages(scenario) },
    phases: outlines.map((outline) => ({ ...outline, skipped: null })),
    ...seen,
    changes: changes.map(({ steps: _, ...record }) => record),
    steps: [...changes.map(({ steps }) => steps.made), ...changes.toReversed().map(({ steps }) => steps.undone)],
    ...{ leftovers: [], warnings: [], ...describeSite(nodes) },
    timings: {
      ...{ startedAt: formTime(0), endedAt: formTime(timePhase(judged.length)), totalMs: timePhase(judged.length) },
      convergenceMs: Object.fromEntries(seen.evidence.map((one) => [one.phase, one.convergence.elapsedMs])),
    },
    mission: scenario === workshop ? mission : null,
    seal: null,
    ...change,
  };
}

interface World {
  readonly scenario: Scenario;
  readonly outlines: readonly PhaseOutline[];
  readonly judged: readonly PhaseOutline[];
  readonly targets: readonly Target[];
  readonly changes: readonly ToldChange[];
}

type Seen = Pick<Report, 'verdicts' | 'transitions' | 'findings' | 'evidence'>;

function judgeWorld({ phases = {} }: RunStory, { scenario, outlines, judged, targets, changes }: World): Seen {
  const evidence: Evidence[] = [];
  const judgements: Judgement[] = [];
  const held = new Map<VantageId, readonly Expectation[]>();
  for (const [index, outline] of judged.entries())
    for (const vantage of Object.keys(scenario.vantages)) {
      const rows = listExpectations(outline, vantage, targets);
      const grounds = {
        ...{ rows, before: listBefore(outlines[index - 1], vantage, targets) },
        moments: listMoments(changes, outline.name),
      };
      const previous = evidence.at(-1)?.seal?.sha256 ?? runId;
      const one = sealEvidence(createToldEvidence(grounds, phases[outline.name] ?? {}, index), previous);
      evidence.push(one);
      const judgement = judgePhase({ ...grounds, before: held.get(vantage) ?? null }, one);
      held.set(vantage, listHeld(rows, judgement.verdicts));
      judgements.push(judgement);
    }
  return {
    verdicts: judgements.flatMap(({ verdicts }) => verdicts),
    transitions: judgements.flatMap(({ transitions }) => transitions),
    findings: judgements.flatMap(({ findings }) => findings),
    evidence,
  };
}

const listBefore = (
  before: PhaseOutline | undefined,
  vantage: VantageId,
  targets: readonly Target[],
): readonly Expectation[] | null => (before === undefined ? null : listExpectations(before, vantage, targets));

const describeVantages = ({ vantages }: Scenario): Report['vantages'] =>
  Object.entries(vantages).map(([id, { kind, adminUser }], index) => ({
    ...{ id, kind, adminUser, kernel: '6.8.0-1021-azure' },
    ...{ sourceAddress: `192.168.1.${index + 4}`, address: `203.0.113.${index + 10}` },
  }));

function describeSite(nodes: NonNullable<RunStory['nodes']>): Pick<Report, 'cluster' | 'calico'> {
  const provider = '/subscriptions/s/resourceGroups/g/providers';
  return {
    cluster: {
      id: `${provider}/Microsoft.ContainerService/managedClusters/lab`,
      ...{ kubernetesVersion: '1.35.4', location: 'westeurope' },
      vnetId: `${provider}/Microsoft.Network/virtualNetworks/aks-vnet`,
      nodes,
    },
    calico: {
      ...{ flavour: 'oss', version: 'v3.31.0', hostEndpointFlowLogs: 'not supported by this Calico' },
      hostEndpoints: nodes.map(({ name }) => `${name}-auto-hep`),
    },
  };
}
