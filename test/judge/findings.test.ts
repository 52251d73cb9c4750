import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connectionsIn, nodes } from '../../scripts/finding-examples.ts';
import {
  dials,
  evidence,
  first,
  firstOpen,
  heldOn,
  mark,
  observation,
  second,
  secondOpen,
  targets,
  vms,
} from '../../scripts/observed-examples.ts';
import type { Evidence } from '../../src/contract/evidence.ts';
import type { Observation } from '../../src/contract/observation.ts';
import type { Finding, FindingAbout } from '../../src/contract/report.ts';
import type { Witnesses } from '../../src/contract/witnesses.ts';
import { judgementOf } from '../../src/judge/judgement.ts';
import { outcomeOf } from '../../src/judge/outcome.ts';

const allow = { access: 'Allow', rule: 'AllowVnetOutBound' } as const;
const hop = { nextHop: 'VNetPeering', prefix: '10.0.0.0/8' } as const;
const peering = (id: string, state = 'Connected', provisioningState = 'Succeeded') => ({
  id,
  state,
  provisioningState,
});
const agreeing: Witnesses = {
  deniedPackets: { 'node-1': { source: 'calico_denied_packets', before: 4, after: 13 } },
  securityRules: Object.fromEntries(targets.map(({ id }) => [id, allow])),
  routes: Object.fromEntries(targets.map(({ id }) => [id, hop])),
  peerings: [peering('there'), peering('back')],
};
const watched = (more: Partial<Observation> = {}): Observation =>
  observation({ [first.id]: dials('43o 160d') }, { held: [heldOn(first, 'answered', 4900)], ...more });
const pods = [
  { name: 'frontend-1', node: 'node-1', ip: '10.1.0.1' },
  { name: 'frontend-10', node: 'node-2', ip: '10.1.0.2' },
];
const health = (some: typeof pods): Evidence['backends'] => ({
  before: { readyEndpoints: 2, readAt: vms(0), pods: some },
  after: { readyEndpoints: 2, readAt: vms(0), pods: some },
});
const answers = (lines: Readonly<Record<string, number>>): Pick<Evidence, 'answers'> => ({
  answers: { [second.id]: lines },
});

/** Evidence of the phase `enforced` in which every witness agrees. */
const whole = (more: Partial<Evidence> = {}): Evidence =>
  evidence('enforced', watched(), {
    connections: connectionsIn('enforced'),
    witnesses: agreeing,
    backends: health(pods),
    ...answers({ 'frontend pod=frontend-1 node=node-1': 11, 'frontend pod=frontend-10 node=node-2': 9 }),
    ...more,
  });
const but = (change: Partial<Witnesses>): Evidence => whole({ witnesses: { ...agreeing, ...change } });

const judgedOn = (seen: Evidence) =>
  judgementOf(
    { phase: seen.phase, nodes, judged: [], marks: [mark('labelWritten', 800), mark('policyAccepted', 1000)] },
    seen,
  );
function about(what: FindingAbout, seen: Evidence): Finding {
  const [one, ...more] = judgedOn(seen).findings.filter((each) => each.about === what);
  assert.ok(one !== undefined && more.length === 0, JSON.stringify(more));
  return one;
}

test('a deny that everybody agrees on has a CONFIRMED finding from each, and is a PASS', () => {
  const { findings, verdicts } = judgedOn(whole());
  assert.deepEqual(
    findings.map(({ about, subject, result }) => [about, subject, result]),
    [
      ['observer', first.id, 'CONFIRMED'],
      ['heldConnection', first.id, 'CONFIRMED'],
      ['backendBehindDeny', 'node-1', 'CONFIRMED'],
      ['deniedPackets', 'node-1', 'CONFIRMED'],
      ['securityRules', '', 'CONFIRMED'],
      ['routes', '', 'CONFIRMED'],
      ['peerings', '', 'CONFIRMED'],
    ],
  );
  assert.equal(outcomeOf(verdicts, findings), 'PASS');
});

test('before any policy nobody need be asked; afterwards each that was not asked is UNKNOWN, and takes no PASS away', () => {
  assert.deepEqual(judgedOn(evidence('baseline', undefined, { connections: connectionsIn('baseline') })).findings, []);
  const { findings, verdicts } = judgedOn(evidence('enforced', undefined, { connections: connectionsIn('enforced') }));
  assert.deepEqual([new Set(findings.map(({ result }) => result)), findings.length], [new Set(['UNKNOWN']), 7]);
  assert.equal(outcomeOf(verdicts, findings), 'PASS');
});

test('where no port is to be silent, nobody is asked for denied packets, held connections or backends behind a deny', () => {
  const { findings } = judgedOn({ ...whole(), phase: 'restored', connections: connectionsIn('restored') });
  assert.deepEqual(
    findings.map(({ about }) => about),
    ['securityRules', 'routes', 'peerings'],
  );
});

type Row = readonly [name: string, seen: Evidence, result: Finding['result'], sentence: RegExp];
const rows = (what: FindingAbout, all: readonly Row[]): void => {
  describe(what, () => {
    for (const [name, seen, result, sentence] of all) {
      test(name, () => {
        const found = about(what, seen);
        assert.equal(found.result, result, found.sentence);
        assert.match(found.sentence, sentence);
      });
    }
  });
};

rows('observer', [
  [
    'that saw the port fall silent agrees',
    whole(),
    'CONFIRMED',
    /^The observer, which dialled node-1:30080 all the while, saw it fall silent and stay so\.$/,
  ],
  [
    'that could not be read is missing, and the time line says why',
    whole({ observation: { missing: 'x' } }),
    'UNKNOWN',
    /^No observer saw node-1:30080 fall silent; the time line says why\.$/,
  ],
  [
    'that saw no lasting silence contradicts a silent proof',
    whole({ observation: observation({ [first.id]: dials('200o') }) }),
    'CONTRADICTED',
    /saw no lasting silence\.$/,
  ],
  [
    'that ended by its own time limit before the change showed knows nothing',
    whole({ observation: observation({ [first.id]: dials('200o') }, { ended: 'bound' }) }),
    'UNKNOWN',
    /reached its own time limit/,
  ],
  [
    'that saw silence before it was asked for contradicts: something else did it',
    whole({ observation: observation({ [first.id]: dials('10o 190d') }) }),
    'CONTRADICTED',
    /saw it silent before that was asked for\.$/,
  ],
  [
    'that saw a connection get through agrees with the FAIL that it makes',
    whole({ observation: observation({ [first.id]: dials('43o 20d 1o 60d') }) }),
    'CONFIRMED',
    /saw a connection get through after the first silence/,
  ],
  [
    'that saw no silence agrees with a FAIL',
    whole({ observation: observation({ [first.id]: dials('200o') }), connections: connectionsIn('restored') }),
    'CONFIRMED',
    /saw no lasting silence/,
  ],
]);

rows('heldConnection', [
  [
    'that still answers shows that the deny cuts none',
    whole(),
    'CONFIRMED',
    /^A connection to node-1:30080 that was opened before the deny still answered after it/,
  ],
  [
    'that was reset contradicts, and says what cannot be told apart',
    whole({ observation: watched({ held: [heldOn(first, 'reset', 4900)] }) }),
    'CONTRADICTED',
    /was reset, which a pre-DNAT deny does not do; a server that ends idle connections by its own rules cannot be told apart\.$/,
  ],
  [
    'that was closed contradicts',
    whole({ observation: watched({ held: [heldOn(first, 'closed', 4900)] }) }),
    'CONTRADICTED',
    /was closed/,
  ],
  [
    'that gave no answer contradicts',
    whole({ observation: watched({ held: [heldOn(first, 'silent', 4900)] }) }),
    'CONTRADICTED',
    /gave no answer after it/,
  ],
  [
    'that could not be opened is UNKNOWN',
    whole({ observation: watched({ held: [heldOn(first, 'unopened', 4900)] }) }),
    'UNKNOWN',
    /none could be opened before/,
  ],
  [
    'that was asked before the port fell silent proves nothing',
    whole({ observation: watched({ held: [heldOn(first, 'answered', 900)] }) }),
    'UNKNOWN',
    /it was asked before the port fell silent/,
  ],
  [
    'that was opened after the port fell silent proves nothing',
    whole({ observation: watched({ held: [{ ...heldOn(first, 'answered', 4900), openedAt: vms(3000) }] }) }),
    'UNKNOWN',
    /it was opened only after/,
  ],
  [
    'to a port that never fell silent proves nothing',
    whole({ observation: { ...watched(), tracks: { ...watched().tracks, [first.id]: '203o' } } }),
    'UNKNOWN',
    /never seen to fall silent/,
  ],
  ['without an observer is UNKNOWN', whole({ observation: { missing: 'x' } }), 'UNKNOWN', /none was held/],
]);

rows('backendBehindDeny', [
  [
    'a pod of the denied node that answers through the open node lives',
    whole(),
    'CONFIRMED',
    /^The pod frontend-1 on node-1 gave 11 of 20 answers through node-2:30080: the workload lives there/,
  ],
  [
    'a pod is known by its whole name',
    whole(answers({ 'frontend pod=frontend-10 node=node-2': 9 })),
    'UNKNOWN',
    /none of 9 answers came from frontend-1, which runs there/,
  ],
  [
    'answers that name no pod are UNKNOWN',
    whole(answers({ '<!doctype html>': 20 })),
    'UNKNOWN',
    /the answers name no pod/,
  ],
  ['no answers are UNKNOWN', whole({ answers: {} }), 'UNKNOWN', /nobody who answered there gave a name/],
  [
    'without a pod on the denied node it is UNKNOWN',
    whole({ backends: health(pods.slice(1)) }),
    'UNKNOWN',
    /no pod runs there/,
  ],
  [
    'where pods run that could not be read is UNKNOWN',
    whole({ backends: health([]) }),
    'UNKNOWN',
    /where the pods run could not be read/,
  ],
]);

const counted = (before: number | null, after: number | null): Evidence =>
  but({ deniedPackets: { 'node-1': { source: 'm', before, after } } });
rows('deniedPackets', [
  [
    'a counter that grew by the SYNs of the proof agrees',
    counted(0, 9),
    'CONFIRMED',
    /^The rules of node-1 counted 9 packets denied by the policy for 9 SYNs of the proof \(m\)\.$/,
  ],
  ['a counter that came to be in the window began at nothing', counted(null, 9), 'CONFIRMED', /counted 9 packets/],
  [
    'a counter that stood still contradicts',
    counted(7, 7),
    'CONTRADICTED',
    /counted no packet denied by the policy for 9 SYNs/,
  ],
  ['a counter that grew by less is UNKNOWN', counted(7, 8), 'UNKNOWN', /counted only 1 packet denied/],
  ['a counter that began anew is UNKNOWN', counted(9, 2), 'UNKNOWN', /m began anew meanwhile/],
  [
    'a policy that no counter names is UNKNOWN',
    counted(null, null),
    'UNKNOWN',
    /are missing as a witness: no counter of m names the policy/,
  ],
  [
    'counters that cannot be read are UNKNOWN, with the reason',
    but({ deniedPackets: { 'node-1': { missing: 'port 9091 is closed' } } }),
    'UNKNOWN',
    /are missing as a witness: port 9091 is closed\.$/,
  ],
  ['a node that was not asked is UNKNOWN', but({ deniedPackets: {} }), 'UNKNOWN', /they were not asked/],
]);

const missing = { missing: 'Azure said no' } as const;
rows('securityRules', [
  ['that let the VM out agree', whole(), 'CONFIRMED', /let the VM’s packets out to all 4 ports\.$/],
  [
    'that deny a port contradict: something else than the policy',
    but({ securityRules: { [first.id]: { access: 'Deny', rule: 'DenyAll' } } }),
    'CONTRADICTED',
    /^Azure’s security rule DenyAll keeps the VM’s packets from node-1:30080\.$/,
  ],
  [
    'that say nothing of a port are UNKNOWN',
    but({ securityRules: { [first.id]: allow, [second.id]: allow, [firstOpen.id]: allow } }),
    'UNKNOWN',
    /they say nothing of node-2:10250/,
  ],
  [
    'that cannot be read are UNKNOWN, with the reason',
    but({ securityRules: missing }),
    'UNKNOWN',
    /missing as a witness: Azure said no\.$/,
  ],
]);
rows('routes', [
  ['that lead to the ports agree', whole(), 'CONFIRMED', /lead from the VM to all 4 ports \(VNetPeering\)\.$/],
  [
    'that lead nowhere contradict',
    but({ routes: { [secondOpen.id]: { nextHop: 'None', prefix: '10.0.0.0/24' } } }),
    'CONTRADICTED',
    /route 10\.0\.0\.0\/24 drops the VM’s packets to node-2:10250\.$/,
  ],
  [
    'that say nothing of a port are UNKNOWN',
    but({ routes: { [first.id]: hop } }),
    'UNKNOWN',
    /they say nothing of node-2:30080, node-1:10250 and node-2:10250/,
  ],
  ['that cannot be read are UNKNOWN', but({ routes: missing }), 'UNKNOWN', /Azure said no/],
]);
rows('peerings', [
  ['that stand on both sides agree', whole(), 'CONFIRMED', /^Both sides of the peering are Connected\.$/],
  [
    'of which one is cut contradict',
    but({ peerings: [peering('there', 'Disconnected'), peering('back')] }),
    'CONTRADICTED',
    /^The peering there is Disconnected, Succeeded\.$/,
  ],
  [
    'of which one is being changed contradict',
    but({ peerings: [peering('there'), peering('back', 'Connected', 'Updating')] }),
    'CONTRADICTED',
    /back is Connected, Updating/,
  ],
  [
    'of which one side is missing are UNKNOWN',
    but({ peerings: [peering('there')] }),
    'UNKNOWN',
    /1 of 2 sides could be read/,
  ],
  ['that cannot be read are UNKNOWN', but({ peerings: missing }), 'UNKNOWN', /Azure said no/],
]);

test('a finding that contradicts takes the PASS away even where all verdicts stand', () => {
  const { findings, verdicts } = judgedOn(whole({ observation: watched({ held: [heldOn(first, 'reset', 4900)] }) }));
  assert.deepEqual([outcomeOf(verdicts), outcomeOf(verdicts, findings)], ['PASS', 'INCONCLUSIVE']);
});

test('every finding is one whole sentence', () => {
  for (const { findings } of [
    whole(),
    counted(7, 8),
    but({ peerings: missing, routes: missing, securityRules: missing }),
  ].map(judgedOn))
    for (const { sentence } of findings) assert.match(sentence, /^[A-Z].{15,}[^.]\.$/);
});
