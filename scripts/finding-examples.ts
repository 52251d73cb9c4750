/** Evidence for every sentence of a transition or a finding. */

import type { Connection, Evidence, Outcome, Phase, Target } from '../src/contract/evidence.ts';
import type { Observation } from '../src/contract/observation.ts';
import type { Mark } from '../src/contract/report.ts';
import type { Verdict } from '../src/contract/verdict.ts';
import type { Witnesses } from '../src/contract/witnesses.ts';
import type { Dial } from '../src/evidence/track.ts';
import { type Judgement, judgementOf } from '../src/judge/judgement.ts';
import { dials, evidence, first, heldOn, mark, observation, second, targets, vms } from './observed-examples.ts';

/** What was done and seen. */
export interface Case {
  readonly evidence: Evidence;
  readonly marks: readonly Mark[];
}

export const reason = 'it could not be read';
export const nodes = [
  { name: 'node-1', internalIp: '10.0.0.1' },
  { name: 'node-2', internalIp: '10.0.0.2' },
] as const;
const earlier: readonly Verdict[] = [first].map((target) => ({
  phase: 'enforced',
  node: target.node,
  target,
  expected: 'DROP',
  observed: 'DROP',
  verdict: 'PASS',
  sentence: '',
  evidence: { connections: 0, syns: 0, windowMs: 0, controls: [] },
}));

export const judged = ({ evidence, marks }: Case): Judgement =>
  judgementOf({ phase: evidence.phase, nodes, judged: earlier, marks }, evidence);

const dial = (target: Target, stage: Connection['stage'], outcome: Outcome, place = 0): Connection => ({
  target: target.id,
  stage,
  outcome,
  sourcePort: 40_000 + place,
  startedAt: vms(2000),
  elapsedMs: outcome === 'DROP' ? 3001 : 1,
  syns: outcome === 'DROP' ? 3 : 1,
});
const denied: Readonly<Record<Phase, readonly Target[]>> = {
  baseline: [],
  enforced: [first],
  second: [first, second],
  restored: [],
};

/** Every port's connections as the phase demands them. */
export const connectionsIn = (phase: Phase): Connection[] =>
  targets.flatMap((target) => {
    if (denied[phase].includes(target)) return [0, 1, 2].map((place) => dial(target, 'proof', 'DROP', place));
    return (['before', 'proof', 'during', 'after'] as const).map((stage) => dial(target, stage, 'OPEN'));
  });

const peering = (id: string, state = 'Connected'): { id: string; state: string; provisioningState: string } => ({
  id: `/x/${id}`,
  state,
  provisioningState: 'Succeeded',
});
export const agreeing: Witnesses = {
  deniedPackets: {
    'node-1': { source: 'calico_denied_packets', before: 4, after: 13 },
    'node-2': { source: 'calico_denied_packets', before: 0, after: 9 },
  },
  securityRules: Object.fromEntries(
    targets.map(({ id }) => [id, { access: 'Allow', rule: 'AllowVnetOutBound' } as const]),
  ),
  routes: Object.fromEntries(targets.map(({ id }) => [id, { nextHop: 'VNetPeering', prefix: '10.0.0.0/8' }])),
  peerings: [peering('hepflow-there'), peering('hepflow-back')],
};
const pods = [
  { name: 'frontend-1', node: 'node-1', ip: '10.1.0.1' },
  { name: 'frontend-10', node: 'node-2', ip: '10.1.0.2' },
];
export const backends = (some: typeof pods): Evidence['backends'] => ({
  before: { readyEndpoints: 2, readAt: vms(0), pods: some },
  after: { readyEndpoints: 2, readAt: vms(0), pods: some },
});
const named = { 'frontend pod=frontend-1 node=node-1': 11, 'frontend pod=frontend-10 node=node-2': 9 };
const asked = [mark('labelWritten', 800), mark('policyAccepted', 1000)];
const watched = (tested: readonly Dial[], more: Partial<Observation> = {}): Observation =>
  observation({ [first.id]: tested }, { held: [heldOn(first, 'answered', 4900)], ...more });

/** A deny on which everybody agrees, but for what is told otherwise. */
export function deny(change: Partial<Evidence> = {}, marks: readonly Mark[] = asked): Case {
  const whole = {
    connections: connectionsIn('enforced'),
    witnesses: agreeing,
    backends: backends(pods),
    answers: { [second.id]: named },
  };
  return { evidence: evidence('enforced', watched(dials('43o 215d')), { ...whole, ...change }), marks };
}
const saw = (track: string, marks?: readonly Mark[], more?: Partial<Observation>): Case =>
  deny({ observation: watched(dials(track), more) }, marks);
const says = (change: Partial<Witnesses>): Case => deny({ witnesses: { ...agreeing, ...change } });
const counted = (before: number | null, after: number | null): Case =>
  says({ deniedPackets: { 'node-1': { source: 'calico_denied_packets', before, after } } });
const held = (outcome: 'silent' | 'closed' | 'reset' | 'unopened'): Case =>
  saw('43o 215d', asked, { held: [heldOn(first, outcome, 4900)] });
const failing = { connections: connectionsIn('restored') };
function restored(
  track: string,
  marks: readonly Mark[] = [mark('policyDeleted', 1000)],
  more: Partial<Evidence> = {},
): Case {
  return {
    evidence: evidence('restored', watched(dials(track)), {
      connections: connectionsIn('restored'),
      witnesses: agreeing,
      ...more,
    }),
    marks,
  };
}
const leakBesideDeadControl = { ...watched(dials('43o 30d 1o 20d')).tracks, [second.id]: '73o1d20o' };

/** The first example of a sentence is the one that docs/verdicts.md shows. */
export const cases: readonly Case[] = [
  deny(),
  saw('43o 215d', [mark('labelWritten', 1000)]),
  saw('43o 30d 2o 100d'),
  saw('43o 30d 1o 100d'),
  deny({ observation: { ...watched(dials('43o 30d 1o 20d')), tracks: leakBesideDeadControl } }),
  ...['43o 1d 1- 7d', '43o 8d'].map((track) => saw(track)),
  saw('60d', [mark('policyAccepted', -400)]),
  saw('60d', []),
  saw('100d'),
  saw('20o 100d'),
  saw('43o 215d', []),
  saw('43o 100o'),
  saw('43o 100o', []),
  saw('43o 100o', asked, { ended: 'bound' }),
  deny({
    observation: { ...watched(dials('43o 60d')), tracks: { ...watched(dials('43o 60d')).tracks, [second.id]: '103d' } },
  }),
  deny({ observation: { missing: reason } }),
  deny({ ...failing, observation: watched(dials('300o')) }),
  deny(failing),
  deny({ ...failing, observation: watched(dials('60d')) }, []),
  deny({ connections: [], observation: watched(dials('43o 30d 2o 20d')) }),
  ...(['reset', 'closed', 'silent', 'unopened'] as const).map(held),
  saw('43o 215d', asked, { held: [heldOn(first, 'answered', 900)] }),
  saw('43o 215d', asked, { held: [{ ...heldOn(first, 'answered', 4900), openedAt: vms(3000) }] }),
  deny({ answers: {} }),
  deny({ backends: backends([]) }),
  deny({ backends: backends(pods.slice(1)) }),
  deny({ answers: { [second.id]: { 'Welcome!': 20 } } }),
  deny({ answers: { [second.id]: { 'frontend pod=frontend-10 node=node-2': 20 } } }),
  counted(7, 7),
  counted(7, 8),
  counted(9, 2),
  counted(null, null),
  says({
    deniedPackets: { 'node-1': { missing: reason } },
    securityRules: { missing: reason },
    routes: { missing: reason },
    peerings: { missing: reason },
  }),
  says({ deniedPackets: {}, securityRules: {}, routes: {}, peerings: [] }),
  says({ securityRules: { [first.id]: { access: 'Deny', rule: 'DenyAll' } } }),
  says({ routes: { [first.id]: { nextHop: 'None', prefix: '10.0.0.1/32' } } }),
  says({ peerings: [peering('hepflow-there'), peering('hepflow-back', 'Disconnected')] }),
  restored('43d 60o'),
  restored('5o'),
  restored('43d 60o', [mark('labelRestored', 1000, 1010, 'node-1')]),
  restored('43d 60o', []),
  restored('100d'),
  restored('100d', []),
  restored('60o', [mark('policyDeleted', -100)]),
  restored('60o', []),
  restored('80o'),
  restored('20d 60o'),
  ...['43d 60o', '100d'].map((track) => restored(track, undefined, { connections: connectionsIn('second') })),
  restored('60o', [], { connections: connectionsIn('second') }),
  restored('100d', [mark('policyDeleted', 1000)], { observation: { ...watched(dials('100d')), ended: 'bound' } }),
  { evidence: { ...restored('1o').evidence, observation: { missing: reason } }, marks: [] },
  { evidence: evidence('enforced', undefined, { connections: connectionsIn('enforced') }), marks: asked },
  { evidence: evidence('restored', undefined, { connections: connectionsIn('restored') }), marks: [] },
];
