/**
 * Rows of a deny on a node `a`, evidence that meets them, and tables of what a row's verdict is when parts of it
 * differ.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection, Evidence, Target } from '../../src/contract/evidence.ts';
import type { Expectation, Verdict } from '../../src/contract/verdict.ts';
import { judgePhase } from '../../src/judge/judgement.ts';
import { createEvidence, createRow, createTarget, dial } from '../support/evidence.ts';

export const denied = createTarget('a:30080');
export const other = createTarget('b:30080');
export const open = createTarget('a:10250', 'openPort');
export const drop = createRow('enforced', denied, 'DROP', [other.id, open.id]);
export const answer = createRow('enforced', other, 'OPEN');
export const control = createRow('enforced', open, 'OPEN');

type Look = Partial<Connection>;
export const live = (target: Target, { outcome = 'OPEN', ...more }: Look = {}): Connection[] =>
  (['before', 'during', 'during', 'after'] as const).flatMap((stage) => dial(target, stage, [outcome], more));
export const proof = (target: Target, { outcome = 'OPEN', ...more }: Look = {}, count = 3): Connection[] =>
  dial(
    target,
    'proof',
    Array.from({ length: count }, () => outcome),
    more,
  );
/** A connection from a source port of its own, beside those of a proof. */
export const alone = (
  target: Target,
  stage: Connection['stage'],
  { outcome = 'OPEN', ...more }: Look = {},
): Connection[] => dial(target, stage, [outcome], { sourcePort: 50_000, ...more });

export const silence = { outcome: 'DROP', elapsedMs: 3200, syns: 4 } as const;
/** A deny as it should be; parts of it are replaced by the rows below. */
export const good = {
  denied: proof(denied, silence),
  other: proof(other, { response: 'node-b frontend-2' }),
  open: proof(open),
  otherLive: live(other),
  openLive: live(open),
};
export const evidence = (parts: Partial<typeof good> = {}, more: Partial<Evidence> = {}): Evidence =>
  createEvidence([drop, answer, control], { connections: Object.values({ ...good, ...parts }).flat(), ...more });

export function only(row: Expectation, seen: Evidence): Verdict {
  const others = [drop, answer, control].filter(({ target }) => target.id !== row.target.id);
  const { verdicts } = judgePhase({ rows: [row, ...others], before: null, moments: [] }, seen);
  assert.equal(verdicts.length, 3);
  return verdicts[0] ?? assert.fail();
}

interface Case {
  readonly name: string;
  readonly seen: Evidence;
  readonly observed: Verdict['observed'];
  readonly verdict: Verdict['verdict'];
  readonly sentence: string | RegExp;
}
export const judged = (row: Expectation, cases: readonly Case[]): void => {
  for (const { name, seen, observed, verdict, sentence } of cases) {
    test(name, () => {
      const found = only(row, seen);
      assert.deepEqual([found.verdict, found.observed], [verdict, observed], found.sentence);
      if (typeof sentence === 'string') assert.equal(found.sentence, sentence);
      else assert.match(found.sentence, sentence);
    });
  }
};

export const rst = { outcome: 'RST', errno: 'ECONNREFUSED' } as const;
export const icmp = { outcome: 'ICMP_REJECT', errno: 'EHOSTUNREACH', icmp: { type: 3, code: 13 } } as const;
export const fault = {
  outcome: 'PROBE_FAULT',
  syns: 0,
  fault: 'this host could not send: Network is unreachable',
} as const;
