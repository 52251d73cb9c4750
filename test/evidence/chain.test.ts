import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Evidence } from '../../src/contract/evidence.ts';
import type { Report } from '../../src/contract/report.ts';
import { findBreak, findHead } from '../../src/evidence/chain.ts';
import { reseal } from '../audit/forge.ts';
import { createReport } from '../audit/sample.ts';

const whole = createReport();
const [a, b, c, d] = whole.evidence as readonly [Evidence, Evidence, Evidence, Evidence];
const sealOf = (one: Evidence): string => one.seal?.sha256 ?? '';
const breakOf = (evidence: readonly Evidence[], more: Partial<Report> = {}): string | undefined =>
  findBreak({ ...whole, ...more, evidence });

/** Sealed in this order from the run id on. */
const seal = (...links: readonly Evidence[]): readonly Evidence[] => reseal(whole, () => links).evidence;

test('a chain is whole from the run id on, however far it goes', () => {
  for (const length of [0, 1, 2, 3, 4]) assert.equal(breakOf(whole.evidence.slice(0, length)), undefined, `${length}`);
  assert.equal(breakOf(seal(a, d)), undefined, 'phases may be left out');
});

test('the head is the last seal', () => {
  assert.equal(findHead(whole.evidence), sealOf(d));
  assert.equal(findHead([]), null);
  const { seal: _, ...unsealed } = d;
  assert.equal(findHead([a, unsealed]), null);
});

const { seal: _, ...bare } = b;
const breaks: readonly (readonly [what: string, found: string | undefined, sentence: string])[] = [
  [
    'a changed link',
    breakOf([a, { ...b, kernel: '6.8.1' }, c, d]),
    `link 2 (enforced from vm): it was changed after it was sealed with ${sealOf(b)}; its content gives `,
  ],
  [
    'the first link dropped',
    breakOf([b, c, d]),
    `link 1 (enforced from vm): it was sealed onto ${sealOf(a)}, but the run id 0a1b2c3d comes before it.`,
  ],
  [
    'a link dropped',
    breakOf([a, c, d]),
    `link 2 (second from vm): it was sealed onto ${sealOf(b)}, but link 1 (baseline from vm) with ${sealOf(a)} comes before it.`,
  ],
  ['links swapped', breakOf([a, c, b, d]), `link 2 (second from vm): it was sealed onto ${sealOf(b)}, but link 1 `],
  ['a link without seal', breakOf([a, bare, c, d]), 'link 2 (enforced from vm): it is not sealed.'],
  [
    'another run',
    breakOf(whole.evidence, { runId: 'ffffffff' }),
    'link 1 (baseline from vm): it was sealed onto 0a1b2c3d, but the run id ffffffff comes before it.',
  ],
  [
    'links sealed out of order',
    breakOf(seal(a, c, b)),
    'link 3 (enforced from vm): phase enforced cannot come after link 2 (second from vm).',
  ],
  [
    "undo's own proof not last",
    breakOf(seal(a, d, b)),
    'link 3 (enforced from vm): phase enforced cannot come after link 2 (restored from vm).',
  ],
  ['a phase twice', breakOf(seal(a, b, b)), 'link 3 (enforced from vm): phase enforced was seen from vm before.'],
  [
    'a phase that the report does not have',
    breakOf(seal(a, { ...b, phase: 'unheard-of' })),
    'link 2 (unheard-of from vm): the report has no phase unheard-of.',
  ],
];
for (const [what, found, sentence] of breaks)
  test(`a chain is broken by ${what}`, () => {
    assert.ok(found?.startsWith(`The chain is broken at ${sentence}`), found);
  });

test('a phase comes once from each vantage, in any order of vantages', () => {
  const from = (one: Evidence, vantage: string): Evidence => ({ ...one, vantage });
  assert.equal(breakOf(seal(a, from(a, 'annex'), from(b, 'annex'), b)), undefined);
  assert.equal(
    breakOf(seal(a, from(a, 'annex'), from(b, 'annex'), b, from(b, 'annex'))),
    'The chain is broken at link 5 (enforced from annex): phase enforced was seen from annex before.',
  );
  assert.equal(
    breakOf(seal(a, from(b, 'annex'), from(a, 'annex'))),
    'The chain is broken at link 3 (baseline from annex): phase baseline cannot come after link 2 (enforced from annex).',
  );
});

test('the order is that of the report', () => {
  const phases = whole.phases.toReversed();
  assert.equal(breakOf(seal(d, c, b, a), { phases }), undefined);
  assert.match(
    breakOf(whole.evidence, { phases }) ?? '',
    /phase enforced cannot come after link 1 \(baseline from vm\)\.$/,
  );
});
