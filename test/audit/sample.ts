/** A report that follows from its evidence, put together by the code that puts together a run's. */

import { resolveMission } from '../../src/config/run-spec.ts';
import type { Connection, Evidence, Phase } from '../../src/contract/evidence.ts';
import type { Observation } from '../../src/contract/observation.ts';
import type { Mark, Report, StepRecord } from '../../src/contract/report.ts';
import type { Witnesses } from '../../src/contract/witnesses.ts';
import { sealed } from '../../src/evidence/seal.ts';
import { type Judgement, judgementOf } from '../../src/judge/judgement.ts';
import { judgedOutcome } from '../../src/judge/outcome.ts';
import { summaryOf } from '../../src/judge/sentences/summary.ts';
import { expectationsOf, targetsOf } from '../../src/scenario/expectations.ts';

const mission = resolveMission({
  subscriptionId: '00000000-0000-4000-8000-000000000001',
  resourceGroup: 'group',
  cluster: 'cluster',
});
const nodes = [
  { name: 'node-a', internalIp: '10.240.0.4' },
  { name: 'node-b', internalIp: '10.240.0.35' },
] as const;
const targets = targetsOf(nodes, mission.workload.nodePort, mission.probe.controlPort);
const runId = '0a1b2c3d';

/** Milliseconds after a fixed moment. */
const at = (ms: number): string => new Date(Date.parse('2026-01-01T00:00:00.000Z') + ms).toISOString();
const starts: Readonly<Record<Phase, number>> = {
  baseline: 10_000,
  enforced: 20_000,
  second: 40_000,
  restored: 60_000,
};
const phases = Object.keys(starts) as Phase[];
const expected = (phase: Phase): Map<string, 'OPEN' | 'DROP'> =>
  new Map(expectationsOf(phase, targets, nodes).map(({ target, expected }) => [target.id, expected]));

function connectionsOf(phase: Phase, id: string, place: number): Connection[] {
  const open = expected(phase).get(id) === 'OPEN';
  const dial = (stage: Connection['stage'], n: number): Connection => ({
    target: id,
    stage,
    outcome: open ? 'OPEN' : 'DROP',
    sourcePort: 40_000 + 10 * place + n,
    startedAt: at(starts[phase] + 2000 + 10 * n),
    elapsedMs: open ? 1.25 : 3000.5,
    syns: open ? 1 : 3,
    ...(open && id.endsWith(':30080') ? { response: `backend-${n % 2}` } : {}),
  });
  const live = (['before', 'during', 'after'] as const).map((stage, n) => dial(stage, 6 + n));
  return [...[1, 2, 3].map((n) => dial('proof', n)), ...(open ? live : [])];
}

/** Open for 100 slots of 25 ms, then as the phase expects; the other way round for `restored`. */
function observationOf(phase: Phase): Observation {
  const silent = phase === 'restored' ? expected('second') : expected(phase);
  const track = (id: string): string =>
    silent.get(id) !== 'DROP' ? '400o' : phase === 'restored' ? '100d300o' : '100o300d';
  return {
    startedAt: at(starts[phase] - 2500 + 7),
    slots: 400,
    cadenceMs: 25,
    dialTimeoutMs: 200,
    latenessMs: 1.5,
    clock: { offsetMs: 7, uncertaintyMs: 0.4, exchanges: 8 },
    tracks: Object.fromEntries(targets.map(({ id }) => [id, track(id)])),
    held: targets
      .filter(({ kind }) => kind === 'nodePort')
      .map(({ id }) => ({
        target: id,
        openedAt: at(starts[phase] - 2400),
        checkedAt: at(starts[phase] + 6000),
        outcome: 'answered',
        response: 'backend-1',
      })),
    ended: 'read',
  };
}

const witnesses: Witnesses = {
  deniedPackets: {
    'node-a': { source: 'calico_denied_packets', before: 0, after: 12 },
    'node-b': { missing: 'nothing counts there' },
  },
  securityRules: Object.fromEntries(
    targets.map(({ id }) => [id, { access: 'Allow', rule: 'AllowVnetOutBound' } as const]),
  ),
  routes: Object.fromEntries(targets.map(({ id }) => [id, { nextHop: 'VNetPeering', prefix: '10.240.0.0/16' }])),
  peerings: [
    { id: '/peering', state: 'Connected', provisioningState: 'Succeeded' },
    { id: '/peering-back', state: 'Connected', provisioningState: 'Succeeded' },
  ],
};

function evidenceOf(phase: Phase): Evidence {
  const ready = (ms: number) => ({
    readyEndpoints: 2,
    readAt: at(starts[phase] + ms),
    pods: [{ name: 'backend-0', node: 'node-a', ip: '10.244.0.5' }],
  });
  return {
    phase,
    startedAt: at(starts[phase]),
    endedAt: at(starts[phase] + 6500),
    kernel: '6.8.0',
    targets,
    convergence: { reached: true, rounds: 2, elapsedMs: 31.5 },
    connections: targets.flatMap(({ id }, place) => connectionsOf(phase, id, place)),
    backends: { before: ready(1), after: ready(6000) },
    answers: { 'node-b:30080': { 'backend-0': 12, 'backend-1': 12 } },
    ...(phase === 'baseline' ? {} : { observation: observationOf(phase) }),
    witnesses,
  };
}

const marksOf: Readonly<Record<Phase, readonly Mark[]>> = {
  baseline: [],
  enforced: [
    { name: 'labelWritten', node: 'node-a', from: at(19_000), to: at(19_010) },
    { name: 'labelOnHostEndpoint', node: 'node-a', from: at(19_020), to: at(19_040) },
    { name: 'policyAccepted', from: at(19_950), to: at(19_960) },
  ],
  second: [
    { name: 'labelWritten', node: 'node-b', from: at(39_950), to: at(39_960) },
    { name: 'labelOnHostEndpoint', node: 'node-b', from: at(39_970), to: at(39_980) },
  ],
  restored: [
    { name: 'labelRestored', node: 'node-b', from: at(59_900), to: at(59_930) },
    { name: 'policyDeleted', from: at(59_940), to: at(59_950) },
    { name: 'labelRestored', node: 'node-a', from: at(59_960), to: at(59_970) },
  ],
};

const undo = (name: 'restoreLabel' | 'deletePolicy', subject: string, { from, to }: Mark): StepRecord => ({
  name,
  subject,
  outcome: 'done',
  startedAt: from,
  endedAt: to,
  attempts: 1,
  detail: '',
});

/** `only`: the phases that the run came to. */
export function sampleReport(only: readonly Phase[] = phases, change: Partial<Report> = {}): Report {
  const evidence: Evidence[] = [];
  let judged: Judgement = { verdicts: [], transitions: [], findings: [] };
  for (const phase of only) {
    const one = sealed(evidenceOf(phase), evidence.at(-1)?.seal?.sha256 ?? runId);
    evidence.push(one);
    const now = judgementOf({ phase, nodes, judged: judged.verdicts, marks: marksOf[phase] }, one);
    judged = {
      verdicts: [...judged.verdicts, ...now.verdicts],
      transitions: [...judged.transitions, ...now.transitions],
      findings: [...judged.findings, ...now.findings],
    };
  }
  const end = { outcome: judgedOutcome(judged.verdicts, judged.findings), failure: null, leftovers: [] };
  const report: Report = {
    schemaVersion: 1,
    runId,
    workflowId: 'hepflow-lab-abc123',
    ...end,
    summary: summaryOf({ ...judged, ...end, phase: 'over' }),
    steps: marksOf.restored.map((mark) =>
      undo(mark.name === 'policyDeleted' ? 'deletePolicy' : 'restoreLabel', mark.node ?? '', mark),
    ),
    ...judged,
    cluster: { id: '/subscriptions/s/x', kubernetesVersion: '1.35.4', location: 'westeurope', vnetId: '/v', nodes },
    calico: {
      flavour: 'oss',
      version: 'v3.31.0',
      hostEndpointFlowLogs: 'enabled',
      hostEndpoints: ['node-a-auto-hep', 'node-b-auto-hep'],
    },
    warnings: ['SSH is open to the world.'],
    timings: {
      startedAt: at(0),
      endedAt: at(90_000),
      totalMs: 90_000,
      convergenceMs: Object.fromEntries(only.map((phase) => [phase, 31.5])),
    },
    evidence,
    mission,
    ...change,
  };
  return JSON.parse(JSON.stringify(report)) as Report;
}
