/** A report that follows from its evidence, put together as a run puts it together. */
import { resolveMission } from '../../src/config/run-spec.ts';
import type { Moment } from '../../src/contract/change.ts';
import type { Evidence } from '../../src/contract/evidence.ts';
import { gateStep } from '../../src/contract/messages.ts';
import type { PhaseOutline } from '../../src/contract/plan.ts';
import type { ChangeRecord, PhaseRecord, Report, StepRecord } from '../../src/contract/report.ts';
import type { Change, Scenario } from '../../src/contract/scenario.ts';
import { sealReport } from '../../src/evidence/report-seal.ts';
import { sealEvidence, type Unsealed } from '../../src/evidence/seal.ts';
import { measureConvergence } from '../../src/judge/convergence.ts';
import { type Grounds, type Judgement, judgePhase } from '../../src/judge/judgement.ts';
import { listMoments } from '../../src/judge/moments.ts';
import { decideOutcome } from '../../src/judge/outcome.ts';
import { summarize } from '../../src/judge/sentences/summary.ts';
import { listExpectations, outlinePhases } from '../../src/scenario/outline.ts';
import { listTargets } from '../../src/scenario/targets.ts';
import { createWorkshop } from '../../src/scenario/workshop.ts';
import { at, createEvidence, readExpectations } from './sample-evidence.ts';

export const mission = resolveMission({
  subscriptionId: '00000000-0000-4000-8000-000000000001',
  resourceGroup: 'group',
  cluster: 'cluster',
});
const nodes = [
  { name: 'node-a', internalIp: '10.240.0.4' },
  { name: 'node-b', internalIp: '10.240.0.35' },
  { name: 'node-c', internalIp: '10.240.0.66' },
];
const runId = '0a1b2c3d';
const noSignal = 'No signal came.';

/** Of phase n, on the worker's clock. */
const startOf = (place: number): number => 20_000 * (place + 1);

export interface SampleOptions {
  /** Default: the workshop. */
  readonly scenario?: Scenario;
  /** The phases that were probed; those with a gate that were not, the run passed by. Default: all. */
  readonly seen?: readonly string[];
}

export function createReport({ scenario = createWorkshop(mission), seen }: SampleOptions = {}): Report {
  const judged = nodes.slice(0, scenario.nodes);
  const outlines = outlinePhases(scenario, judged);
  const wanted = outlines.filter(({ name }) => seen?.includes(name) ?? true);
  const vantages = Object.keys(scenario.vantages);
  const changes = scenario.phases.flatMap((phase, place) =>
    wanted.some(({ name }) => name === phase.name) ? listChanges(phase.name, phase.changes, place, scenario) : [],
  );
  const all: All = { outlines, wanted, vantages, targets: listTargets(scenario, judged), changes };
  const { evidence, judgement } = judgeAll(all);
  const outcome = decideOutcome(judgement.verdicts, judgement.findings);
  const end = { outcome, stage: 'over', failure: null, leftovers: [] };
  const report: Report = {
    schemaVersion: 2,
    runId,
    ...{ workflowId: 'hepflow-lab-abc123', firstExecutionRunId: '0190a0a0-0000-7000-8000-000000000001' },
    ...end,
    summary: summarize({ ...judgement, ...end }),
    scenario: scenario.name,
    vantages: vantages.map((id, place) => ({
      ...{ id, kind: 'azureVm', adminUser: 'azureuser', kernel: '6.8.0' },
      ...{ sourceAddress: `192.168.1.${4 + place}`, address: `203.0.113.${7 + place}` },
    })),
    targets: all.targets,
    phases: outlines.map((outline) => recordPhase(outline, wanted)),
    ...judgement,
    changes: changes.map(({ record }) => record),
    steps: [
      ...changes.map(({ makes }) => makes),
      ...outlines.flatMap((outline) => listPhaseSteps(outline, wanted.includes(outline) ? vantages : [])),
      ...changes.toReversed().map(({ undoes }) => undoes),
    ],
    cluster: {
      id: '/subscriptions/s/x',
      kubernetesVersion: '1.35.4',
      location: 'westeurope',
      vnetId: '/v',
      nodes: judged,
    },
    calico: {
      flavour: 'oss',
      version: 'v3.31.0',
      hostEndpointFlowLogs: 'enabled',
      hostEndpoints: judged.map(({ name }) => `${name}-auto-hep`),
    },
    warnings: ['SSH is open to the world.'],
    timings: { startedAt: at(0), endedAt: at(150_000), totalMs: 150_000, convergenceMs: measureConvergence(evidence) },
    evidence,
    mission,
    seal: null,
  };
  return sealReport(report);
}

const recordPhase = (outline: PhaseOutline, seen: readonly PhaseOutline[]): PhaseRecord => ({
  ...outline,
  skipped: outline.gate === null || seen.includes(outline) ? null : noSignal,
});

/** The wait at a phase's gate, and its probes. */
function listPhaseSteps({ name, gate }: PhaseOutline, vantages: readonly string[]): StepRecord[] {
  const times = { startedAt: at(0), endedAt: at(1000), attempts: 1 };
  const isSeen = vantages.length > 0;
  const wait = { ...times, name: gateStep, subject: gate?.signal ?? '' };
  return [
    ...(gate?.when !== 'on-signal'
      ? []
      : [
          {
            ...wait,
            outcome: isSeen ? ('done' as const) : ('skipped' as const),
            detail: isSeen ? 'asked for' : noSignal,
          },
        ]),
    ...vantages.map((): StepRecord => ({ ...times, name: 'probe', subject: name, outcome: 'done', detail: '' })),
  ];
}

/** What the evidence is made of and judged by. */
interface All {
  readonly outlines: readonly PhaseOutline[];
  readonly wanted: readonly PhaseOutline[];
  readonly vantages: readonly string[];
  readonly targets: Report['targets'];
  readonly changes: readonly SampleChange[];
}

function judgeAll(all: All): { readonly evidence: readonly Evidence[]; readonly judgement: Judgement } {
  const { wanted, vantages } = all;
  const evidence: Evidence[] = [];
  const judgements = wanted.flatMap((outline, place) =>
    vantages.map((vantage) => {
      const { unsealed, grounds } = probe(all, outline, wanted[place - 1], vantage);
      const one = sealEvidence(unsealed, evidence.at(-1)?.seal?.sha256 ?? runId);
      evidence.push(one);
      return judgePhase(grounds, one);
    }),
  );
  return {
    evidence,
    judgement: {
      verdicts: judgements.flatMap(({ verdicts }) => verdicts),
      transitions: judgements.flatMap(({ transitions }) => transitions),
      findings: judgements.flatMap(({ findings }) => findings),
    },
  };
}

/** `last`: the phase that was judged before. */
function probe(
  { outlines, targets, changes, vantages }: All,
  outline: PhaseOutline,
  last: PhaseOutline | undefined,
  vantage: string,
): { readonly unsealed: Unsealed; readonly grounds: Grounds } {
  const records = changes.map(({ record }) => record);
  return {
    unsealed: createEvidence({
      ...{ phase: outline.name, vantage, targets },
      startMs: startOf(outlines.indexOf(outline)) + vantages.indexOf(vantage),
      expected: readExpectations(outline, vantage),
      before: last === undefined ? null : readExpectations(last, vantage),
    }),
    grounds: {
      rows: listExpectations(outline, vantage, targets),
      before: last === undefined ? null : listExpectations(last, vantage, targets),
      moments: listMoments(records, outline.name),
    },
  };
}

interface SampleChange {
  readonly record: ChangeRecord;
  readonly makes: StepRecord;
  readonly undoes: StepRecord;
}

/** Labels and policies, whose moments count; each is made within a second before its phase is probed, and undone before undo's proof. */
const listChanges = (phase: string, changes: readonly Change[], place: number, { phases }: Scenario): SampleChange[] =>
  changes
    .filter(({ kind }) => kind === 'label' || kind === 'policy')
    .map(({ kind, node }, index) => {
      const id = `${phase}.${index}`;
      const about = typeof node === 'number' ? { node: nodes[node]?.name ?? '' } : {};
      const askedMs = startOf(place) - 900 + 100 * index;
      const undoneMs = startOf(phases.length) - 100 - 20 * index - 200 * place;
      const moment = (role: Moment['role'], fromMs: number, title: string): Moment => ({
        ...{ role, name: `${kind}-${role}`, title: `${kind} ${title}`, words: `the ${kind} was ${title}`, ...about },
        ...{ from: at(fromMs), to: at(fromMs + 10) },
      });
      const asked = moment('asked', askedMs, 'sent');
      const undone = moment('undone', undoneMs, 'taken back');
      const step = (name: string, from: string, to: string): StepRecord => ({
        ...{ name: `${name}-${kind}`, subject: about.node ?? '', outcome: 'done', attempts: 1, detail: '' },
        ...{ startedAt: from, endedAt: to },
      });
      return {
        record: { id, phase, words: `a ${kind}`, moments: [asked, moment('reached', askedMs + 20, 'seen'), undone] },
        makes: { ...step('make', at(askedMs - 5), at(askedMs + 50)), makes: id },
        undoes: { ...step('undo', undone.from, undone.to), undoes: id },
      };
    });
