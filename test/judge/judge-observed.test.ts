import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Moment } from '../../src/contract/change.ts';
import type { Evidence } from '../../src/contract/evidence.ts';
import type { Witness } from '../../src/contract/vantage.ts';
import type { Expectation } from '../../src/contract/verdict.ts';
import { judgePhase } from '../../src/judge/judgement.ts';
import { createMoment, createObservation, dials } from '../support/observation.ts';
import { answer, control, denied, drop, evidence, judged, open, other, proof } from './rows.ts';

const watched = (tested: string): Partial<Evidence> => ({
  observation: createObservation({
    [denied.id]: dials(tested),
    [other.id]: dials('90o10d'),
    [open.id]: dials('100o'),
  }),
});

describe('an observer and other witnesses beside a silent port', () => {
  const way = { of: 'way', says: 'allows', because: 'rule AllowVnetOutBound' } as const;
  const rules: Witness = { ...way, by: 'rules', title: 'the rules', about: denied.id };
  const peering: Witness = { ...way, by: 'peering', title: 'The peering', about: null, because: 'it is Connected' };
  const counter: Witness = {
    ...{ by: 'counter', title: 'counters', of: 'policy', about: 'a', says: 'blocks', packets: 12, because: 'm' },
  };
  const witnesses = [rules, peering, counter];
  const but = (...changed: readonly Partial<Witness>[]): Evidence =>
    evidence({}, { witnesses: witnesses.map((one, index) => ({ ...one, ...changed[index] })) });
  const cause = (what: string): string => `a:30080 did not answer, but the policy need not be the cause: ${what}.`;
  const pass = { observed: 'DROP', verdict: 'PASS', sentence: /^a:30080 did not answer: 12 SYNs/ } as const;
  const missing = { says: 'missing', because: 'x' } as const;

  judged(drop, [
    { name: 'that agree leave a PASS', seen: evidence({}, { ...watched('40o60d'), witnesses }), ...pass },
    {
      name: 'that are missing leave a PASS: the findings say so',
      seen: but(missing, missing, missing),
      ...pass,
    },
    {
      name: 'that saw packets lost before the silence leave a PASS',
      seen: evidence({}, watched('10o2d20o3d5o60d')),
      ...pass,
    },
    {
      name: 'one connection of the observer that got through after the first silence is FAIL, with its time',
      seen: evidence({}, watched('40o20d1o39d')),
      observed: 'DROP',
      verdict: 'FAIL',
      sentence:
        'a:30080 fell silent, but let 1 of 49 connections of the observer through after that, at ' +
        '2026-01-02T03:04:06.499Z.',
    },
    {
      name:
        'refusals that their limiter lets through now and then are FAIL: most dials of a port that refuses ' +
        'by ICMP look silent',
      seen: evidence({}, watched('40o6i30d1i23d')),
      observed: 'DROP',
      verdict: 'FAIL',
      sentence:
        'a:30080 did not answer, but refused 7 of 90 connections of the observer by ICMP, so whoever dials ' +
        'learns that a host is there.',
    },
    {
      name: 'refusals of both kinds are named',
      seen: evidence({}, watched('40o20d1r9d1i29d')),
      observed: 'DROP',
      verdict: 'FAIL',
      sentence: /refused 2 of 90 connections of the observer with a TCP reset and by ICMP, so whoever/,
    },
    {
      name: 'a refusal before the silence, as of a backend that ends, leaves a PASS',
      seen: evidence({}, watched('38o2r60d')),
      ...pass,
    },
    {
      name: 'several of them are FAIL, with the time of the first',
      seen: evidence({}, watched('40o20d2o38d')),
      observed: 'DROP',
      verdict: 'FAIL',
      sentence: /let 2 of 49 connections of the observer through after that, the first at 2026-01-02T03:04:06\.499Z\.$/,
    },
    {
      name: 'a connection that got through while a control was silent is no FAIL',
      seen: evidence({}, watched('40o55d1o4d')),
      ...pass,
    },
    {
      name: 'a way to the port that blocks makes it INCONCLUSIVE: the silence may be its doing',
      seen: but({ says: 'blocks', because: 'rule DenyAll' }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: cause('the rules blocked the way to a:30080 (rule DenyAll)'),
    },
    {
      name: 'a way to another port that blocks does not concern it',
      seen: but({ says: 'blocks', about: other.id }),
      ...pass,
    },
    {
      name: "another node's counter that counted nothing does not concern it",
      seen: but({}, {}, { says: 'allows', packets: 0, about: 'b' }),
      ...pass,
    },
    {
      name: "a way to the port's node does not concern the port, nor does a counter of the port's name",
      seen: but({ says: 'blocks', about: 'a' }, {}, { says: 'allows', about: denied.id }),
      ...pass,
    },
    {
      name: 'a way to every port that blocks, and a counter that counted nothing, make it INCONCLUSIVE, both named',
      seen: but({}, { says: 'blocks', because: 'back is Disconnected' }, { says: 'allows', packets: 0 }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: cause(
        'The peering blocked the way (back is Disconnected) and a counted no packet denied by the policy ' +
          'for 12 SYNs of the proof (m)',
      ),
    },
    {
      name: 'a counter that speaks of every node counts for it',
      seen: but({}, {}, { says: 'allows', packets: 0, about: null }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: cause('a counted no packet denied by the policy for 12 SYNs of the proof (m)'),
    },
    {
      name: 'a counter that counted fewer packets than SYNs is no other cause',
      seen: but({}, {}, { packets: 1 }),
      ...pass,
    },
    {
      name: 'that speak for another cause do not hide a connection that got through',
      seen: evidence({ denied: proof(denied) }, { witnesses: [{ ...peering, says: 'blocks' }] }),
      observed: 'OPEN',
      verdict: 'FAIL',
      sentence: /answered all 3/,
    },
  ]);

  judged(answer, [
    {
      name: 'do not disturb a port that answers',
      seen: evidence(
        {},
        {
          ...watched('40o20d1o39d'),
          witnesses: [{ ...rules, says: 'blocks', about: other.id }],
        },
      ),
      observed: 'OPEN',
      verdict: 'PASS',
      sentence: /answered all 3/,
    },
  ]);
});

test('a refusal counts from the slot on in which the change was asked for', () => {
  // A dial of slot 40 began 1000 to 1002 ms after the first one, give or take a millisecond.
  const moments = (ms: number): Moment[] => [createMoment('policyAccepted', ms)];
  const rows = [drop, answer, control];
  const before = rows.map((row): Expectation => ({ ...row, phase: 'baseline', expected: 'OPEN', controls: [] }));
  const judgeAsked = (ms: number): string =>
    judgePhase({ rows, before, moments: moments(ms) }, evidence({}, watched('40o1r1o7d'))).verdicts[0]?.verdict ?? '';
  assert.deepEqual([judgeAsked(1003), judgeAsked(1004)], ['FAIL', 'PASS']);
});
