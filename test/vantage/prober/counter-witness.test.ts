import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCounterWitness } from '../../../src/vantage/prober/probe/counters.ts';

type Counts = Readonly<Record<string, number>>;
type Row = readonly [promise: string, before: Counts, after: Counts, says: string, packets?: number];

const rows: readonly Row[] = [
  ['a counter that moved denied packets', { p: 4 }, { p: 13 }, 'blocks', 9],
  ['a counter that appears counts from 0', {}, { p: 9 }, 'blocks', 9],
  ['a counter that stood still denied none', { p: 4 }, { p: 4 }, 'allows', 0],
  ['a counter that stood at 0 denied none', { p: 0 }, { p: 0 }, 'allows', 0],
  ['counters of several policies are added up', { p: 4, q: 1 }, { p: 6, q: 4 }, 'blocks', 5],
  ['one policy may count while another never does', { p: 4 }, { p: 4, q: 3 }, 'blocks', 3],
  ['no counter at all', {}, {}, 'missing: no counter of m names the policy'],
  ['a counter that vanished', { p: 4 }, {}, 'missing: no counter of m names the policy'],
  ['one of two counters vanished', { p: 4, q: 1 }, { q: 5 }, 'missing: m began anew meanwhile'],
  ['a counter that went back', { p: 4 }, { p: 3 }, 'missing: m began anew meanwhile'],
  [
    'a counter that went back beside one that moved more',
    { p: 4, q: 1 },
    { p: 0, q: 9 },
    'missing: m began anew meanwhile',
  ],
  ['a counter that appears at 0', {}, { p: 0 }, 'missing: the counter of m appeared only within the window, at 0'],
];
for (const [promise, before, after, expected, packets] of rows) {
  test(`${promise}: ${expected}`, () => {
    const found = createCounterWitness('node-a', { source: 'm', before, after });
    assert.equal(found.says === 'missing' ? `missing: ${found.because}` : found.says, expected);
    assert.equal(found.packets, packets);
    if (found.says !== 'missing') assert.equal(found.because, 'm');
    assert.deepEqual([found.by, found.of, found.about], ['deniedPackets', 'policy', 'node-a']);
  });
}
