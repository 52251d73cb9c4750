import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  agreeing,
  baseline,
  type Case,
  counted,
  deny,
  peered,
  pods,
  restored,
  ruled,
} from '../../scripts/finding-examples.ts';
import type { Evidence } from '../../src/contract/evidence.ts';
import type { Observation } from '../../src/contract/observation.ts';
import type { Finding } from '../../src/contract/report.ts';
import type { Witness } from '../../src/contract/vantage.ts';
import { judgePhase } from '../../src/judge/judgement.ts';
import { combineVerdicts } from '../../src/judge/outcome.ts';
import { createBackends, createEvidence, createRows, dialAll, first, second } from '../support/evidence.ts';
import { createObservation, dials, holdConnection, vms } from '../support/observation.ts';

const watched = (more: Partial<Observation> = {}): Observation =>
  createObservation({ [first.id]: dials('43o 160d') }, { held: [holdConnection(first, 'answered')], ...more });
const saw = (track: string, more: Partial<Observation> = {}): Evidence =>
  whole({ observation: createObservation({ [first.id]: dials(track) }, more) });
const answers = (lines: Readonly<Record<string, number>>): Pick<Evidence, 'answers'> => ({
  answers: { [second.id]: lines },
});
const allOpen = { connections: dialAll(createRows('enforced')) };

/** Evidence of a deny in which every witness agrees. */
const whole = (more: Partial<Evidence> = {}): Evidence => deny({ observation: watched(), ...more }).evidence;
const hear = (...witnesses: readonly Witness[]): Evidence => whole({ witnesses });

const judgeOn = (seen: Evidence, grounds: Omit<Case, 'evidence'> = deny()) => judgePhase(grounds, seen);
function about(what: string, seen: Evidence): Finding {
  const [one, ...more] = judgeOn(seen).findings.filter((each) => each.about === what);
  assert.ok(one !== undefined && more.length === 0, JSON.stringify(more));
  return one;
}
const list = (findings: readonly Finding[]) => findings.map(({ about, subject, result }) => [about, subject, result]);

test('a deny that everybody agrees on has a CONFIRMED finding from each, and is a PASS', () => {
  const { findings, verdicts } = judgeOn(whole());
  assert.deepEqual(list(findings), [
    ['observer', first.id, 'CONFIRMED'],
    ['heldConnection', first.id, 'CONFIRMED'],
    ['backendBehindDeny', 'node-1', 'CONFIRMED'],
    ['deniedPackets', 'node-1', 'CONFIRMED'],
    ['securityRules', '', 'CONFIRMED'],
    ['peerings', '', 'CONFIRMED'],
  ]);
  assert.equal(combineVerdicts(verdicts, findings), 'PASS');
  for (const { phase, vantage } of findings) assert.deepEqual([phase, vantage], ['enforced', 'vm']);
  assert.deepEqual(
    findings.map(({ title }) => title),
    [
      'An observer that dialled all the while',
      'A connection that was opened before the deny',
      'The pods behind the denied node',
      "Calico's packet counters",
      "Azure's effective security rules",
      'The peering',
    ],
  );
});

test('nobody need be asked where nothing is to be silent; elsewhere that is UNKNOWN, and takes no PASS away', () => {
  const open = { rows: baseline, before: null, moments: [] };
  assert.deepEqual(judgePhase(open, createEvidence(baseline)).findings, []);
  const { findings, verdicts } = judgeOn(createEvidence(deny().rows));
  assert.deepEqual(list(findings), [
    ['observer', first.id, 'UNKNOWN'],
    ['heldConnection', first.id, 'UNKNOWN'],
    ['backendBehindDeny', 'node-1', 'UNKNOWN'],
    ['witnesses', '', 'UNKNOWN'],
  ]);
  assert.deepEqual([findings.at(-1)?.title, findings.at(-1)?.sentence], ['Witnesses', 'No witness was asked.']);
  assert.equal(combineVerdicts(verdicts, findings), 'PASS');
  const nobody = judgeOn(whole({ witnesses: [] })).findings;
  assert.deepEqual(list(nobody).at(-1), ['witnesses', '', 'UNKNOWN']);
});

test('where no port is to be silent, no counter, held connection or backend behind a deny is looked for', () => {
  const open = { rows: restored, before: restored, moments: [] };
  const { findings } = judgePhase(open, createEvidence(restored, { witnesses: agreeing, observation: watched() }));
  assert.deepEqual(list(findings), [
    ['securityRules', '', 'CONFIRMED'],
    ['peerings', '', 'CONFIRMED'],
  ]);
});

test('a port that answers again has an observer, and no held connection', () => {
  const undo = { rows: restored, before: deny().rows, moments: [] };
  const { findings } = judgePhase(
    undo,
    createEvidence(restored, { observation: createObservation({ [first.id]: dials('43d 60o') }) }),
  );
  assert.deepEqual(list(findings), [['observer', first.id, 'CONFIRMED']]);
});

type Row = readonly [name: string, seen: Evidence, result: Finding['result'], sentence: RegExp];
const rows = (what: string, all: readonly Row[]): void => {
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
    /^The observer saw node-1:30080 fall silent and stay silent\.$/,
  ],
  [
    'that could not be read is missing, with the reason',
    whole({ observation: { missing: 'x' } }),
    'UNKNOWN',
    /^No observer saw node-1:30080 fall silent: x\.$/,
  ],
  [
    'that saw no lasting silence contradicts a silent proof',
    saw('200o'),
    'CONTRADICTED',
    /^The observer saw no lasting silence of node-1:30080\.$/,
  ],
  [
    'that ended by its own time limit before the change showed knows nothing',
    saw('200o', { ended: 'bound' }),
    'UNKNOWN',
    /^The observer reached its own time limit before node-1:30080 fell silent\.$/,
  ],
  [
    'that saw silence before it was asked for contradicts: something else did it',
    saw('10o 190d'),
    'CONTRADICTED',
    /^The observer saw node-1:30080 silent before the change was asked for\.$/,
  ],
  [
    'that saw a connection get through agrees with the FAIL that it makes',
    saw('43o 20d 1o 60d'),
    'CONFIRMED',
    /^The observer saw 1 connection to node-1:30080 get through after the first silence\.$/,
  ],
  [
    'that saw no silence agrees with a FAIL',
    whole({ observation: createObservation({ [first.id]: dials('200o') }), ...allOpen }),
    'CONFIRMED',
    /no lasting silence of node-1:30080\.$/,
  ],
]);

rows('heldConnection', [
  [
    'that still answers shows that the deny cuts none',
    whole(),
    'CONFIRMED',
    /^A connection to node-1:30080 that was opened before the deny still answered after it\. The deny refuses/,
  ],
  [
    'that was reset contradicts, with what else may have done it',
    whole({ observation: watched({ held: [holdConnection(first, 'reset')] }) }),
    'CONTRADICTED',
    / was reset\. A pre-DNAT deny does not do that; a server that ends idle connections itself may have done it\.$/,
  ],
  [
    'that was closed contradicts',
    whole({ observation: watched({ held: [holdConnection(first, 'closed')] }) }),
    'CONTRADICTED',
    / was closed\./,
  ],
  [
    'that gave no answer contradicts',
    whole({ observation: watched({ held: [holdConnection(first, 'silent')] }) }),
    'CONTRADICTED',
    / gave no answer after it\./,
  ],
  [
    'that could not be opened is UNKNOWN',
    whole({ observation: watched({ held: [holdConnection(first, 'unopened')] }) }),
    'UNKNOWN',
    /none could be opened before/,
  ],
  [
    'that was asked before the port fell silent proves nothing',
    whole({ observation: watched({ held: [holdConnection(first, 'answered', 900)] }) }),
    'UNKNOWN',
    /it was asked before the port fell silent/,
  ],
  [
    'that was opened after the port fell silent proves nothing',
    whole({ observation: watched({ held: [{ ...holdConnection(first, 'answered'), openedAt: vms(3000) }] }) }),
    'UNKNOWN',
    /it was opened only after/,
  ],
  [
    'to a port that never fell silent proves nothing',
    whole({ observation: { ...watched(), tracks: { ...watched().tracks, [first.id]: '203o' } } }),
    'UNKNOWN',
    /no observer saw the port fall silent/,
  ],
  ['without an observer is UNKNOWN', whole({ observation: { missing: 'x' } }), 'UNKNOWN', /none was held/],
]);

rows('backendBehindDeny', [
  [
    'a pod of the denied node that answers through the open node lives',
    whole(),
    'CONFIRMED',
    /^The pod frontend-1 on node-1 gave 11 of 20 answers through node-2:30080\. The workload lives there, and only/,
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
  ['no answers are UNKNOWN', whole({ answers: {} }), 'UNKNOWN', /no answer there gave a name/],
  [
    'without a pod on the denied node it is UNKNOWN',
    whole({ backends: createBackends(2, 2, pods.slice(1)) }),
    'UNKNOWN',
    /no pod runs there/,
  ],
  [
    'where pods run that could not be read is UNKNOWN',
    whole({ backends: createBackends(2, 2, []) }),
    'UNKNOWN',
    /where the pods run could not be read/,
  ],
]);

const saysNothing = { says: 'missing', because: 'Azure said no' } as const;
rows('deniedPackets', [
  [
    'that counted as many packets as the proof had SYNs agrees',
    hear(counted),
    'CONFIRMED',
    /^node-1 counted 9 packets denied by the policy for 9 SYNs of the proof \(calico_denied_packets\)\.$/,
  ],
  [
    'that counted more agrees: the observer sends SYNs too',
    hear({ ...counted, packets: 10 }),
    'CONFIRMED',
    /counted 10 packets/,
  ],
  [
    'that counted nothing contradicts',
    hear({ ...counted, says: 'allows', packets: 0 }),
    'CONTRADICTED',
    /^node-1 counted no packet denied by the policy for 9 SYNs/,
  ],
  [
    'that counted fewer is UNKNOWN',
    hear({ ...counted, packets: 8 }),
    'UNKNOWN',
    /^node-1 counted only 8 packets denied/,
  ],
  ['that counted one is UNKNOWN', hear({ ...counted, packets: 1 }), 'UNKNOWN', /^node-1 counted only 1 packet denied/],
  ['that counts for every node agrees', hear({ ...counted, about: null }), 'CONFIRMED', /^node-1 counted 9 packets/],
  [
    'that cannot be read is UNKNOWN, with the reason',
    hear({ ...counted, says: 'missing', because: 'port 9091 is closed' }),
    'UNKNOWN',
    /^Calico's packet counters gave no answer about node-1: port 9091 is closed\.$/,
  ],
  [
    'of another node alone is UNKNOWN',
    hear({ ...counted, about: 'node-2' }),
    'UNKNOWN',
    /^Calico's packet counters gave no answer about node-1: it was not asked\.$/,
  ],
]);

test('a counter is asked of ports that were silent as expected, and of no others', () => {
  const leaky = judgeOn(whole(allOpen)).findings;
  assert.ok(!leaky.some((one) => one.about === 'deniedPackets'));
  const both = createRows('second', [first, second]);
  const { findings } = judgePhase(
    { rows: both, before: deny().rows, moments: [] },
    createEvidence(both, { witnesses: [counted] }),
  );
  assert.deepEqual(list(findings.filter((one) => one.about === 'deniedPackets')), [
    ['deniedPackets', 'node-1', 'CONFIRMED'],
    ['deniedPackets', 'node-2', 'UNKNOWN'],
  ]);
});

rows('securityRules', [
  [
    'a way that is open to every port agrees',
    whole(),
    'CONFIRMED',
    /^Azure's effective security rules allowed the way to all 4 ports \(rule AllowVnetOutBound\)\.$/,
  ],
  [
    'a way that is blocked contradicts: something else than the policy, whoever is missing beside it',
    hear(
      ...ruled.map((one, index) => {
        if (index === 0) return { ...one, says: 'blocks', because: 'rule DenyAll' } as const;
        return { ...one, ...saysNothing };
      }),
    ),
    'CONTRADICTED',
    /^Azure's effective security rules blocked the way to node-1:30080 \(rule DenyAll\)\.$/,
  ],
  [
    'a way of which one port was left out is UNKNOWN',
    hear(...ruled.slice(0, -1)),
    'UNKNOWN',
    /^Azure's effective security rules gave no answer about node-2:10250\.$/,
  ],
  [
    'a way that cannot be read is UNKNOWN, each reason once',
    hear(...ruled.map((one) => ({ ...one, ...saysNothing }))),
    'UNKNOWN',
    /gave no answer about node-1:30080, node-2:30080, node-1:10250 and node-2:10250: Azure said no\.$/,
  ],
  [
    'a way that cannot be read at all is UNKNOWN',
    hear({ ...peered, by: 'securityRules', ...saysNothing }),
    'UNKNOWN',
    /^The peering gave no answer: Azure said no\.$/,
  ],
]);
rows('peerings', [
  [
    'a way to every port at once agrees',
    whole(),
    'CONFIRMED',
    /^The peering allowed the way to all 4 ports \(both sides are Connected\)\.$/,
  ],
  [
    'a way to every port at once that is blocked contradicts',
    hear({ ...peered, says: 'blocks', because: 'back is Disconnected' }),
    'CONTRADICTED',
    /^The peering blocked the way \(back is Disconnected\)\.$/,
  ],
]);

test('of a source that blocks several ways each is a finding of its own', () => {
  const { findings } = judgeOn(hear(...ruled.slice(0, 2).map((one): Witness => ({ ...one, says: 'blocks' }))));
  assert.deepEqual(list(findings.filter((one) => one.about === 'securityRules')), [
    ['securityRules', first.id, 'CONTRADICTED'],
    ['securityRules', second.id, 'CONTRADICTED'],
  ]);
});

test('the way to a single port is told of in the singular', () => {
  const rows = createRows('enforced', [first], [first]);
  const { findings } = judgePhase({ rows, before: null, moments: [] }, createEvidence(rows, { witnesses: [peered] }));
  assert.match(findings.at(-1)?.sentence ?? '', /^The peering allowed the way to the port \(/);
});

test('a finding that contradicts takes the PASS away even where all verdicts stand', () => {
  const { findings, verdicts } = judgeOn(whole({ observation: watched({ held: [holdConnection(first, 'reset')] }) }));
  assert.deepEqual([combineVerdicts(verdicts), combineVerdicts(verdicts, findings)], ['PASS', 'INCONCLUSIVE']);
});
