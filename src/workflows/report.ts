import { workflowInfo } from '@temporalio/workflow';
import { type CalicoSummary, type ClusterSummary, type Report, type RunOutcome, reportSchemaVersion } from '../contract/report.ts';
import type { Verdict } from '../contract/verdict.ts';
import { now } from './ledger.ts';
import type { Run } from './run.ts';

/** The report as it stands now: derived from the workflow's state, at any moment (W8). */
export function reportOf(run: Run): Report {
  const { mission = null } = run.outputs.preflight ?? {};
  const endedAt = run.endedAt;
  return {
    schemaVersion: reportSchemaVersion,
    runId: run.runId,
    workflowId: workflowInfo().workflowId,
    outcome: run.outcome,
    summary: summaryOf(run),
    failure: run.failure,
    steps: run.ledger.steps,
    verdicts: run.ledger.verdicts,
    transitions: run.transitions,
    findings: run.findings,
    leftovers: run.leftovers,
    cluster: clusterOf(run),
    calico: calicoOf(run),
    warnings: run.ledger.warnings,
    timings: { startedAt: run.startedAt, endedAt, totalMs: Date.parse(endedAt ?? now()) - Date.parse(run.startedAt), convergenceMs: run.convergenceMs },
    evidence: run.evidence,
    mission,
  };
}

function clusterOf(run: Run): ClusterSummary | null {
  const site = run.outputs.preflight?.site;
  if (site === undefined) return null;
  const nodes = site.nodes.map(({ name, internalIp }) => ({ name, internalIp }));
  return { id: site.clusterResourceId, kubernetesVersion: site.kubernetesVersion, location: site.location, vnetId: site.clusterVnetId, nodes };
}

function calicoOf(run: Run): CalicoSummary | null {
  const calico = run.outputs.preflight?.site.calico;
  if (calico === undefined) return null;
  const supported = run.outputs.enableFlowLogs?.supported;
  const hostEndpointFlowLogs = supported === undefined ? 'not attempted' : supported ? 'enabled' : 'not supported by this Calico';
  return { flavour: calico.flavour, version: calico.version, hostEndpointFlowLogs, hostEndpoints: run.outputs.enableAutoHostEndpoints?.names ?? [] };
}

const sentences: Record<RunOutcome, (run: Run) => string> = {
  RUNNING: (run) => `The run is under way: ${run.ledger.phase}.`,
  PASS: (run) => `Host endpoints protect the nodes' ports: ${count(run.ledger.verdicts, 'PASS')} of ${run.ledger.verdicts.length} expectations were met.`,
  FAIL: (run) =>
    `Host endpoints do not protect the nodes' ports as expected: ${count(run.ledger.verdicts, 'FAIL')} of ${run.ledger.verdicts.length} expectations failed.`,
  INCONCLUSIVE: (run) => `Nothing was proved: ${count(run.ledger.verdicts, 'INCONCLUSIVE')} of ${run.ledger.verdicts.length} verdicts are inconclusive.`,
  ERROR: (run) => `The run could not be carried out: ${run.failure?.message ?? 'unknown failure'}`,
  CANCELLED: () => 'The run was cancelled.',
};

function summaryOf(run: Run): string {
  const left = run.leftovers.length;
  const over =
    run.outcome === 'RUNNING'
      ? ''
      : left === 0
        ? ' Nothing is left behind.'
        : ` ${left} ${left === 1 ? 'thing is' : 'things are'} left behind; the report has the commands that remove them.`;
  return sentences[run.outcome](run) + over;
}

const count = (verdicts: readonly Verdict[], kind: Verdict['verdict']): number => verdicts.filter(({ verdict }) => verdict === kind).length;
