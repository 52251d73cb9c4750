import { workflowInfo } from '@temporalio/workflow';
import { type CalicoSummary, type ClusterSummary, type Report, reportSchemaVersion } from '../contract/report.ts';
import { summaryOf } from '../judge/sentences/summary.ts';
import { now } from './ledger.ts';
import type { Run } from './run.ts';

/** The report as it stands now: derived from the workflow's state, at any moment (W8). */
export function reportOf(run: Run): Report {
  const { mission = null } = run.outputs.preflight ?? {};
  const {
    endedAt,
    outcome,
    failure,
    findings,
    leftovers,
    ledger: { verdicts, phase },
  } = run;
  return {
    schemaVersion: reportSchemaVersion,
    runId: run.runId,
    workflowId: workflowInfo().workflowId,
    outcome,
    summary: summaryOf({ outcome, verdicts, findings, failure, leftovers, phase }),
    failure,
    steps: run.ledger.steps,
    verdicts,
    transitions: run.transitions,
    findings,
    leftovers,
    cluster: clusterOf(run),
    calico: calicoOf(run),
    warnings: run.ledger.warnings,
    timings: {
      startedAt: run.startedAt,
      endedAt,
      totalMs: Date.parse(endedAt ?? now()) - Date.parse(run.startedAt),
      convergenceMs: run.convergenceMs,
    },
    evidence: run.evidence,
    mission,
  };
}

function clusterOf(run: Run): ClusterSummary | null {
  const site = run.outputs.preflight?.site;
  if (site === undefined) return null;
  const nodes = site.nodes.map(({ name, internalIp }) => ({ name, internalIp }));
  return {
    id: site.clusterResourceId,
    kubernetesVersion: site.kubernetesVersion,
    location: site.location,
    vnetId: site.clusterVnetId,
    nodes,
  };
}

function calicoOf(run: Run): CalicoSummary | null {
  const calico = run.outputs.preflight?.site.calico;
  if (calico === undefined) return null;
  const supported = run.outputs.enableFlowLogs?.supported;
  const hostEndpointFlowLogs =
    supported === undefined ? 'not attempted' : supported ? 'enabled' : 'not supported by this Calico';
  return {
    flavour: calico.flavour,
    version: calico.version,
    hostEndpointFlowLogs,
    hostEndpoints: run.outputs.enableAutoHostEndpoints?.names ?? [],
  };
}
