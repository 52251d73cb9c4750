import type { Facts } from '../contract/change.ts';
import type { Plan, PlannedVantage } from '../contract/plan.ts';
import {
  type CalicoSummary,
  type ClusterSummary,
  type PhaseRecord,
  type Report,
  reportSchemaVersion,
  type Timings,
  type VantageSummary,
} from '../contract/report.ts';
import type { Site } from '../contract/site.ts';
import { measureConvergence } from '../judge/convergence.ts';
import { summarize } from '../judge/sentences/summary.ts';
import { readNow } from './ledger.ts';
import type { Run } from './run.ts';

/** All of a run that its report tells. */
type Told = Pick<Run, 'identity' | 'ledger' | 'skipped' | 'leftovers' | 'failure' | 'outcome' | 'endedAt' | Seen>;
type Seen = 'preflighted' | 'factsOf' | 'evidence' | 'transitions' | 'findings';

/** The report as it stands now: derived from the workflow's state, at any moment (W8). */
export function createReport(run: Told): Report {
  const { outcome, failure, findings, leftovers, ledger, evidence } = run;
  const { verdicts, stage, steps, changes, warnings } = ledger;
  const { mission = null, plan, site } = run.preflighted ?? {};
  return {
    schemaVersion: reportSchemaVersion,
    runId: run.identity.runId,
    workflowId: run.identity.workflowId,
    firstExecutionRunId: run.identity.firstExecutionRunId,
    outcome,
    summary: summarize({ outcome, stage, verdicts, findings, failure, leftovers }),
    stage,
    failure,
    scenario: plan?.scenario ?? null,
    vantages: (plan?.vantages ?? []).map((vantage) => describeVantage(vantage, run.factsOf(vantage.id))),
    targets: plan?.targets ?? [],
    phases: plan === undefined ? [] : listPhases(plan, run),
    verdicts,
    transitions: run.transitions,
    findings,
    changes,
    steps,
    leftovers,
    cluster: site === undefined ? null : describeCluster(site),
    calico: site === undefined ? null : describeCalico(site, run.factsOf('')),
    warnings,
    timings: measureRun(run),
    evidence,
    mission,
    seal: null,
  };
}

/** Of a run that cannot be told in full: what happened and what is left, without its plan and what was seen. */
export function createBareReport(run: Run): Report {
  const { identity, ledger, skipped, leftovers, failure, outcome, endedAt } = run;
  const seen = { preflighted: undefined, factsOf: () => ({}), evidence: [], transitions: [], findings: [] };
  return createReport({
    ...{ identity, ledger, skipped, leftovers, failure, outcome, endedAt },
    ...seen,
  });
}

const describeVantage = ({ id, kind, session }: PlannedVantage, facts: Facts): VantageSummary => ({
  id,
  kind,
  sourceAddress: facts.sourceAddress ?? null,
  address: facts.publicAddress ?? null,
  adminUser: session.adminUser,
  kernel: facts.kernel ?? null,
});

const listPhases = ({ phases, restored }: Plan, { skipped }: Told): PhaseRecord[] =>
  [...phases, restored].map(({ changes: _, policies: __, ...outline }) => ({
    ...outline,
    skipped: skipped.get(outline.name) ?? null,
  }));

function describeCluster(site: Site): ClusterSummary {
  const { clusterResourceId: id, kubernetesVersion, location, clusterVnetId: vnetId, nodes } = site;
  return { id, kubernetesVersion, location, vnetId, nodes };
}

const describeCalico = ({ calico }: Site, facts: Facts): CalicoSummary => ({
  ...calico,
  hostEndpointFlowLogs: facts.hostEndpointFlowLogs ?? 'not attempted',
  hostEndpoints: facts.hostEndpoints ?? [],
});

function measureRun({ identity: { startedAt }, endedAt, evidence }: Told): Timings {
  const totalMs = Date.parse(endedAt ?? readNow()) - Date.parse(startedAt);
  return { startedAt, endedAt, totalMs, convergenceMs: measureConvergence(evidence) };
}
