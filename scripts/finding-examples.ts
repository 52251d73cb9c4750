/** Evidence for every sentence of a transition or a finding. */
import type { Moment } from '../src/contract/change.ts';
import type { Evidence } from '../src/contract/evidence.ts';
import type { Observation } from '../src/contract/observation.ts';
import type { Witness } from '../src/contract/vantage.ts';
import type { Expectation } from '../src/contract/verdict.ts';
import type { Dial } from '../src/evidence/track.ts';
import { type Judgement, judgePhase } from '../src/judge/judgement.ts';
import {
  createBackends,
  createEvidence,
  createRows,
  dialAll,
  first,
  second,
  targets,
} from '../test/support/evidence.ts';
import { createMoment, createObservation, dials, holdConnection, vms } from '../test/support/observation.ts';

/** What was expected, done and seen. */
export interface Case {
  readonly rows: readonly Expectation[];
  readonly before: readonly Expectation[];
  readonly moments: readonly Moment[];
  readonly evidence: Evidence;
}

export const reason = 'it could not be read';
export const baseline = createRows('baseline');
export const enforced = createRows('enforced', [first]);
export const restored = createRows('restored');

export const judgeCase = ({ evidence, ...grounds }: Case): Judgement => judgePhase(grounds, evidence);

const way = { of: 'way', says: 'allows' } as const;
export const counted: Witness = {
  ...{ by: 'deniedPackets', title: "Calico's packet counters", of: 'policy', about: first.node, says: 'blocks' },
  ...{ packets: 9, because: 'calico_denied_packets' },
};
export const ruled: readonly Witness[] = targets.map(({ id }) => ({
  ...{ ...way, by: 'securityRules', title: "Azure's effective security rules", about: id },
  because: 'rule AllowVnetOutBound',
}));
export const peered: Witness = {
  ...{ ...way, by: 'peerings', title: 'The peering', about: null, because: 'both sides are Connected' },
};
export const agreeing: readonly Witness[] = [counted, ...ruled, peered];

export const pods = [
  { name: 'frontend-1', node: 'node-1', ip: '10.1.0.1' },
  { name: 'frontend-10', node: 'node-2', ip: '10.1.0.2' },
];
const named = { 'frontend pod=frontend-1 node=node-1': 11, 'frontend pod=frontend-10 node=node-2': 9 };
const asked = [createMoment('labelWritten', 800), createMoment('policyAccepted', 1000)];
const watch = (tested: readonly Dial[], more: Partial<Observation> = {}): Observation =>
  createObservation({ [first.id]: tested }, { held: [holdConnection(first, 'answered')], ...more });

/** A deny on which everybody agrees, but for what is given. */
export function deny(change: Partial<Evidence> = {}, moments: readonly Moment[] = asked): Case {
  const evidence = createEvidence(enforced, {
    observation: watch(dials('43o 215d')),
    witnesses: agreeing,
    backends: createBackends(2, 2, pods),
    answers: { [second.id]: named },
    ...change,
  });
  return { rows: enforced, before: baseline, moments, evidence };
}
const see = (track: string, moments?: readonly Moment[], more?: Partial<Observation>): Case =>
  deny({ observation: watch(dials(track), more) }, moments);
const hear = (...witnesses: readonly Witness[]): Case => deny({ witnesses });
const hold = (outcome: 'silent' | 'closed' | 'reset' | 'unopened'): Case =>
  see('43o 215d', asked, { held: [holdConnection(first, outcome)] });
const allOpen = { connections: dialAll(createRows('enforced')) };

/** An undo on which everybody agrees, but for what is given. */
const undo = (
  track: string,
  moments: readonly Moment[] = [createMoment('policyDeleted', 1000)],
  more: Partial<Evidence> = {},
): Case => ({
  rows: restored,
  before: enforced,
  moments,
  evidence: createEvidence(restored, { observation: watch(dials(track)), witnesses: agreeing, ...more }),
});
const allSilent = { connections: dialAll(createRows('restored', [first, second])) };
const besideDeadControl = (tested: string, control: string): Case =>
  deny({ observation: createObservation({ [first.id]: dials(tested), [second.id]: dials(control) }) });
const missing = (one: Witness): Witness => ({ ...one, says: 'missing', because: reason });

/** The first example of a sentence is the one that docs/verdicts.md shows. */
export const cases: readonly Case[] = [
  deny(),
  see('43o 215d', [createMoment('labelWritten', 1000)]),
  see('43o 30d 2o 100d'),
  see('43o 30d 1o 100d'),
  besideDeadControl('43o 30d 1o 20d', '73o1d20o'),
  ...['43o 1d 1- 7d', '43o 8d'].map((track) => see(track)),
  see('60d', [createMoment('policyAccepted', -400)]),
  see('60d', []),
  see('100d'),
  see('20o 100d'),
  see('43o 215d', []),
  see('43o 100o'),
  see('43o 100o', []),
  see('43o 100o', asked, { ended: 'bound' }),
  besideDeadControl('43o 60d', '103d'),
  deny({ observation: { missing: reason } }),
  deny({ ...allOpen, observation: watch(dials('300o')) }),
  deny(allOpen),
  deny({ ...allOpen, observation: watch(dials('60d')) }, []),
  deny({ connections: [], observation: watch(dials('43o 30d 2o 20d')) }),
  ...(['reset', 'closed', 'silent', 'unopened'] as const).map(hold),
  see('43o 215d', asked, { held: [holdConnection(first, 'answered', 900)] }),
  see('43o 215d', asked, { held: [{ ...holdConnection(first, 'answered'), openedAt: vms(3000) }] }),
  deny({ answers: {} }),
  deny({ backends: createBackends() }),
  deny({ backends: createBackends(2, 2, pods.slice(1)) }),
  deny({ answers: { [second.id]: { 'Welcome!': 20 } } }),
  deny({ answers: { [second.id]: { 'frontend pod=frontend-10 node=node-2': 20 } } }),
  hear({ ...counted, says: 'allows', packets: 0 }),
  hear({ ...counted, packets: 1 }),
  hear(...agreeing.map(missing)),
  hear({ ...counted, about: second.node }, ...ruled.slice(1), missing(peered)),
  hear(
    ...ruled.map((one, index) => (index === 0 ? { ...one, says: 'blocks' as const, because: 'rule DenyAll' } : one)),
  ),
  hear({ ...peered, says: 'blocks', because: 'hepflow-back is Disconnected' }),
  hear(),
  undo('43d 60o'),
  undo('5o'),
  undo('43d 60o', [createMoment('labelRestored', 1000, 1010, 'node-1')]),
  undo('43d 60o', []),
  undo('100d'),
  undo('100d', []),
  undo('60o', [createMoment('policyDeleted', -100)]),
  undo('60o', []),
  undo('80o'),
  undo('20d 60o'),
  ...['43d 60o', '100d'].map((track) => undo(track, undefined, allSilent)),
  undo('60o', [], allSilent),
  undo('100d', [createMoment('policyDeleted', 1000)], { observation: { ...watch(dials('100d')), ended: 'bound' } }),
  undo('1o', [], { observation: { missing: reason } }),
  { ...deny(), evidence: createEvidence(enforced) },
  { ...undo('1o', []), evidence: createEvidence(restored) },
];
