import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted, deny, peered, ruled } from '../../scripts/finding-examples.ts';
import type { Witness } from '../../src/contract/vantage.ts';
import { judgePhase } from '../../src/judge/judgement.ts';
import { createEvidence, createRows, first, second } from '../support/evidence.ts';
import { allOpen, hear, judgeOn, list, rows, whole } from './deny.ts';

const saysNothing = { says: 'missing', because: 'Azure said no' } as const;
const { packets: _, ...withoutPackets } = counted;
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
  ['that does not have a count is UNKNOWN', hear(withoutPackets), 'UNKNOWN', /^node-1 counted no packet denied/],
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

test('a source that blocks every way at once has no subject', () => {
  const { findings } = judgeOn(hear({ ...peered, says: 'blocks' }));
  assert.deepEqual(list(findings).at(-1), ['peerings', '', 'CONTRADICTED']);
});
