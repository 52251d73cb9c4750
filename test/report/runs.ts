/** One report of each kind, as runs of the workshop give them. */
import type { Dial } from '../../src/evidence/track.ts';
import { tellRun } from '../support/report.ts';
import { workshopNodes } from '../support/scenarios.ts';

const [first = '', second = ''] = workshopNodes.map(({ name }) => name);
export const nodes = [first, second] as const;
export const tested = [`${first}:30080`, `${second}:30080`] as const;

export const passed = tellRun();

/** One connection of the proof, and four of the observer, got through. */
export const failed = tellRun({
  phases: {
    enforced: {
      proofs: { [tested[0]]: ['DROP', 'OPEN', 'DROP'] },
      dials: { 75: 'o', 120: 'o', 121: 'o', 180: 'o' },
    },
  },
  change: {
    leftovers: [
      {
        what: 'VM hepflow-0a1b2c3d-vm',
        why: 'a lock forbids it',
        command: 'az vm delete --ids "/x" && echo gone',
        reason: 'failed',
        code: 'ScopeLocked',
      },
    ],
    warnings: ['SSH is open to the world.'],
  },
});

const refusals = Object.fromEntries(
  Array.from({ length: 300 }, (_, slot): [number, Dial] => [slot, slot < 45 ? 'o' : 'i']),
);

/**
 * The observer came late, saw another kind of refusal, and could not be read at last; a connection of a proof could not
 * be tried.
 */
export const inconclusive = tellRun({
  phases: {
    enforced: { from: 70 },
    second: { proofs: { [tested[1]]: ['DROP', 'PROBE_FAULT', 'DROP'] }, dials: refusals },
    restored: { observation: { missing: 'its folder on the VM is gone' } },
  },
});

/** Every port did what it should, but other sources do not agree. */
export const doubted = tellRun({
  phases: {
    enforced: {
      held: 'reset',
      witnesses: {
        deniedPackets: { says: 'allows', packets: 0 },
        routes: { says: 'missing', because: 'the credential may not read them' },
      },
    },
  },
});

/** It ended before there was a plan. */
export const broken = tellRun({
  until: 'none',
  change: {
    outcome: 'ERROR',
    summary: 'The run could not be carried out.',
    ...{ scenario: null, vantages: [], targets: [], phases: [], verdicts: [], transitions: [], findings: [] },
    ...{ evidence: [], changes: [], steps: [], cluster: null, calico: null, mission: null },
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
  },
});

export const cancelled = tellRun({ until: 'enforced', change: { outcome: 'CANCELLED' } });

/** It passed a phase by, as it was asked to. */
export const skipping = (() => {
  const isLeftOut = ({ phase }: { readonly phase: string | null }): boolean => phase === 'second';
  const { phases, verdicts, transitions, findings, evidence, changes } = passed;
  return {
    ...passed,
    phases: phases.map((one) =>
      one.name === 'second' ? { ...one, skipped: 'The run was asked to pass it by.' } : one,
    ),
    verdicts: verdicts.filter((one) => !isLeftOut(one)),
    transitions: transitions.filter((one) => !isLeftOut(one)),
    findings: findings.filter((one) => !isLeftOut(one)),
    evidence: evidence.filter((one) => !isLeftOut(one)),
    changes: changes.filter((one) => !isLeftOut(one)),
  };
})();

const [label] = passed.steps.filter(({ name }) => name === 'labelNode');
const begun = passed.changes.filter(({ id }) => id === label?.makes);

/** Under way: no phase is judged yet. */
export const running = tellRun({
  change: {
    ...{ outcome: 'RUNNING', summary: 'Under way.', stage: 'enforced', changes: begun },
    ...{ verdicts: [], transitions: [], findings: [], evidence: [] },
    steps: label === undefined ? [] : [{ ...label, outcome: 'running', endedAt: null }],
    timings: { startedAt: '2026-01-01T00:00:00.000Z', endedAt: null, totalMs: 9000, convergenceMs: {} },
  },
});

export const everyKind = { passed, failed, inconclusive, doubted, broken, cancelled, skipping, running } as const;
