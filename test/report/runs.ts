/** One report of each kind, as runs give them. */
import type { Connection, Outcome, Phase } from '../../src/contract/evidence.ts';
import type { StepRecord } from '../../src/contract/report.ts';
import type { Verdict } from '../../src/contract/verdict.ts';
import { report } from './sample.ts';
import { proofBehind, seenIn } from './seen.ts';

export const nodes = ['aks-a-vmss000000', 'aks-a-vmss000001'] as const;
const address = (node: string): string => (node === nodes[0] ? '10.240.0.4' : '10.240.0.35');

const dial = (target: string, outcome: Outcome, place: number): Connection => ({
  target,
  stage: 'proof',
  outcome,
  sourcePort: 40_000 + place,
  startedAt: `2026-01-01T00:00:10.00${place}Z`,
  elapsedMs: outcome === 'DROP' ? 3000.5 : 1.5,
  syns: outcome === 'DROP' ? 3 : 1,
  ...(outcome === 'ICMP_REJECT' ? { icmp: { type: 3, code: 13 }, errno: 'EHOSTUNREACH' } : {}),
});

/** A row of the table, with three connections unless told otherwise. */
export function row(
  phase: Phase,
  node: string,
  port: number,
  change: Partial<Verdict> = {},
  outcomes?: readonly Outcome[],
): Verdict {
  const id = `${node}:${port}`;
  const denied = port === 30080 && (phase === 'second' || (phase === 'enforced' && node === nodes[0]));
  const expected = denied ? 'DROP' : 'OPEN';
  const proof = (outcomes ?? [expected, expected, expected]).map((outcome, place) => dial(id, outcome, place));
  const controls = denied
    ? [{ control: `${node}:10250`, live: true, seen: 'before OPEN, during OPEN x2, after OPEN' }]
    : [];
  const verdict: Verdict = {
    phase,
    node,
    target: { id, node, address: address(node), port, kind: port === 30080 ? 'nodePort' : 'openPort' },
    expected,
    observed: expected,
    verdict: 'PASS',
    sentence: `${id} in phase ${phase} did what it should.`,
    evidence: {
      connections: proof.length,
      syns: proof.reduce((sum, { syns }) => sum + syns, 0),
      windowMs: denied ? 3003 : 12,
      controls,
    },
    ...change,
  };
  proofBehind.set(verdict, proof);
  return verdict;
}

const all = (['baseline', 'enforced', 'second', 'restored'] as const).flatMap((phase) =>
  [30080, 10250].flatMap((port) => nodes.map((node) => row(phase, node, port))),
);
const step = (
  name: StepRecord['name'],
  subject: string,
  second: number,
  more: Partial<StepRecord> = {},
): StepRecord => ({
  name,
  subject,
  outcome: 'done',
  startedAt: `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`,
  endedAt: `2026-01-01T00:00:${String(second + 1).padStart(2, '0')}.000Z`,
  attempts: 1,
  detail: '',
  ...more,
});
const steps: readonly StepRecord[] = [
  step('preflight', '', 0),
  step('createPublicIp', '', 1, { detail: '203.0.113.10' }),
  step('peerToCluster', '', 2),
  step('peerFromCluster', '', 3),
  step('labelNode', nodes[0], 4),
  step('labelNode', nodes[1], 20),
  step('restoreLabel', nodes[1], 30, { detail: 'second label is absent again' }),
  step('restoreLabel', nodes[0], 31, { detail: 'first label is absent again' }),
  step('deletePeering', 'on the cluster', 32, { detail: 'the cluster’s peering is gone' }),
  step('deletePeering', 'on the VM', 33, { detail: 'the VM’s peering is gone' }),
  step('deletePublicIp', 'ip', 34, { detail: 'ip is gone' }),
];

export const passed = report({ verdicts: all, steps, ...seenIn(all) });

const replaced = (changed: Verdict): Verdict[] =>
  all.map((one) => (one.phase === changed.phase && one.target.id === changed.target.id ? changed : one));

const leaky = replaced(
  row(
    'enforced',
    nodes[0],
    30080,
    { observed: 'MIXED', verdict: 'FAIL', sentence: 'One of 3 connections got through.' },
    ['DROP', 'OPEN', 'DROP'],
  ),
);

export const failed = report({
  outcome: 'FAIL',
  summary: 'Host endpoints do not protect the nodes’ ports: 1 of 16 expectations was not met.',
  verdicts: leaky,
  steps,
  ...seenIn(leaky, { enforced: { dials: { 75: 'o', 120: 'o', 121: 'o', 180: 'o' } } }),
  leftovers: [
    { what: 'VM hepflow-0a1b2c3d-vm', why: 'a lock forbids it', command: 'az vm delete --ids "/x" && echo gone' },
  ],
  warnings: ['SSH is open to the world.'],
});

const undecided = replaced(
  row(
    'second',
    nodes[1],
    30080,
    { observed: 'ICMP_REJECT', verdict: 'INCONCLUSIVE', sentence: 'The control was not alive.' },
    ['ICMP_REJECT', 'ICMP_REJECT', 'ICMP_REJECT'],
  ),
);
const refusals = Object.fromEntries(Array.from({ length: 300 }, (_, slot) => [slot, slot < 45 ? 'o' : 'i'] as const));

export const inconclusive = report({
  outcome: 'INCONCLUSIVE',
  summary: '1 of 16 expectations could not be decided.',
  verdicts: undecided,
  steps,
  ...seenIn(undecided, {
    enforced: { from: 70 },
    second: { dials: refusals },
    restored: { observation: { missing: 'its folder on the VM is gone' } },
  }),
});

/** Every verdict is PASS, but other sources do not agree. */
export const doubted = report({
  outcome: 'INCONCLUSIVE',
  summary: 'Not everything was proved: 2 findings speak against the verdicts.',
  verdicts: all,
  steps,
  ...seenIn(all, {
    enforced: {
      held: 'reset',
      witnesses: {
        deniedPackets: Object.fromEntries(
          nodes.map((node) => [node, { source: 'calico_denied_packets', before: 40, after: 40 }]),
        ),
        routes: { missing: 'the credential may not read them' },
      },
    },
  }),
});

export const broken = report({
  outcome: 'ERROR',
  summary: 'The run could not be carried out.',
  verdicts: [],
  steps: [step('preflight', '', 0, { outcome: 'failed', detail: 'one problem' })],
  cluster: null,
  calico: null,
  failure: {
    code: 'PreflightFailed',
    step: 'preflight',
    message: 'One problem.',
    remedy: 'Resolve each listed problem.',
    problems: [
      {
        code: 'NodePortTaken',
        field: 'workload.nodePort',
        message: '30080 belongs to svc.',
        remedy: 'Choose another.',
      },
    ],
  },
});

export const cancelled = report({
  outcome: 'CANCELLED',
  summary: 'Somebody stopped the run.',
  verdicts: all.filter(({ phase }) => phase === 'baseline' || phase === 'enforced'),
  steps: steps.slice(0, 5),
  ...seenIn(all.filter(({ phase }) => phase === 'baseline' || phase === 'enforced')),
});

export const running = report({
  outcome: 'RUNNING',
  summary: 'Under way.',
  verdicts: [],
  steps: [step('labelNode', nodes[0], 4, { outcome: 'running', endedAt: null })],
  timings: { startedAt: '2026-01-01T00:00:00.000Z', endedAt: null, totalMs: 9000, convergenceMs: {} },
});

export const everyKind = { passed, failed, inconclusive, doubted, broken, cancelled, running } as const;
