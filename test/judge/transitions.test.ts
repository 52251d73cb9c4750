import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Moment } from '../../src/contract/change.ts';
import type { Evidence } from '../../src/contract/evidence.ts';
import type { Transition } from '../../src/contract/report.ts';
import { type Grounds, judgePhase } from '../../src/judge/judgement.ts';
import { createEvidence, createRows, dial, first, firstOpen, second, workers } from '../support/evidence.ts';
import { createMoment, createObservation, dials, vms } from '../support/observation.ts';

const deny: Grounds = {
  before: createRows('baseline'),
  rows: createRows('enforced', [first]),
  moments: [createMoment('labelWritten', 800, 820), createMoment('policyAccepted', 1000, 1040)],
};
const allow: Grounds = {
  before: createRows('enforced', [first]),
  rows: createRows('restored'),
  moments: [createMoment('policyDeleted', 1000, 1040), createMoment('labelRestored', 1100, 1150, 'node-1')],
};

const judgeOn = (grounds: Grounds, seen: Partial<Evidence>): readonly Transition[] =>
  judgePhase(grounds, createEvidence(grounds.rows, { connections: [], ...seen })).transitions;

function only(
  grounds: Grounds,
  tracks: Parameters<typeof createObservation>[0],
  more: Parameters<typeof createObservation>[1] = {},
): Transition {
  const [one, ...others] = judgeOn(grounds, { observation: createObservation(tracks, more) });
  assert.ok(one !== undefined && others.length === 0);
  return one;
}
const findMoment = ({ moments }: Transition, name: string): Moment | undefined =>
  moments.find((one) => one.name === name);

/** What was observed so many milliseconds after slot 0 began. */
const observed = (name: string, title: string, from: number, to: number): Moment => ({
  ...{ name, title, words: '', role: 'observed', from: workers(from), to: workers(to) },
});

describe('a port that falls silent', () => {
  // Slot 43 begins 1075 ms after the start and is the first silent one; slot 42 at 1050 ms was the last to get through.
  const sharp = only(deny, { [first.id]: dials('43o 215d') });

  test('took as long as lies between asking and the first silence, with lateness and clock uncertainty', () => {
    assert.deepEqual([sharp.tookMs, sharp.censored], [{ atLeast: 49, atMost: 78 }, 'no']);
    assert.equal(
      sharp.sentence,
      'node-1:30080 fell silent 49 to 78 ms after the policy was sent. None of 214 later connections got ' +
        'through, so at most 1.4 % of new connections pass (95 % confidence).',
    );
    assert.deepEqual(sharp.moments, [
      ...deny.moments,
      observed('lastOpen', 'last answer before silence', 1049, 1053),
      observed('firstSilent', 'first silent connection', 1049, 1078),
    ]);
    assert.deepEqual([sharp.phase, sharp.vantage, sharp.target, sharp.to], ['enforced', 'vm', first, 'DROP']);
    assert.deepEqual(sharp.asked, deny.moments[1]);
  });

  test('has a leak bound of 1 - 0.05^(1/n), and dials that count', () => {
    assert.deepEqual([sharp.silentDials, sharp.leaks, sharp.leakBound], [214, [], 1 - 0.05 ** (1 / 214)]);
  });

  test('without a policy of this phase is measured from the label, and with both from the later of them', () => {
    const label = { ...deny, moments: [createMoment('labelWritten', 900)] };
    assert.deepEqual(only(label, { [first.id]: dials('43o 60d') }).tookMs, { atLeast: 149, atMost: 178 });
    const labelLast = { ...deny, moments: [createMoment('policyAccepted', 500), createMoment('labelWritten', 900)] };
    assert.match(only(labelLast, { [first.id]: dials('43o 60d') }).sentence, /149 to 178 ms after the label was sent/);
  });

  test('and lets connections through afterwards has leaks with their time, and no bound', () => {
    const leaky = only(deny, { [first.id]: dials('43o 20d 1o 10d 2o 30d') });
    assert.deepEqual(
      leaky.leaks.map(({ from }) => from),
      [63, 74, 75].map((slot) => workers(slot * 25 - 1)),
    );
    assert.deepEqual([leaky.leakBound, findMoment(leaky, 'lastLeak')?.from], [null, workers(1874)]);
    assert.match(leaky.sentence, /\. 3 of 62 later connections got through, the last at 2026-01-02T03:04:06\.874Z\.$/);
  });

  test('is measured and told in order of time, in whatever order its moments come', () => {
    const [label, policy, quick] = [
      createMoment('labelWritten', 800, 820),
      createMoment('policyAccepted', 1000, 1040),
      createMoment('labelOnHostEndpoint', 800, 810),
    ] as const;
    const { moments, asked } = only(
      { ...deny, moments: [policy, label, quick] },
      { [first.id]: dials('43o 9d 1o 9d') },
    );
    assert.deepEqual(asked, policy);
    assert.deepEqual(moments, [
      ...[quick, label, policy],
      observed('lastOpen', 'last answer before silence', 1049, 1053),
      observed('firstSilent', 'first silent connection', 1049, 1078),
      observed('lastLeak', 'last connection that got through', 1299, 1303),
    ]);
  });

  test('fewer than 8 silent dials in a row are no silence', () => {
    const flicker = only(deny, { [first.id]: dials('43o 7d 40o 7d') });
    assert.deepEqual([flicker.censored, flicker.tookMs, flicker.leaks], ['right', null, []]);
    assert.equal(
      flicker.sentence,
      'node-1:30080 did not fall silent for good beside live controls, until 1.4 s after the policy was sent.',
    );
  });

  test('silence counts only while every control answers (W4): a dead path and a stalled machine make no edge', () => {
    const tracks = { [first.id]: dials('20o 40d 40o'), [second.id]: dials('20o 40d 40o') };
    assert.equal(only(deny, tracks).censored, 'right');
    assert.equal(only(deny, { [first.id]: dials('20o 40- 40o') }).censored, 'right');
    assert.equal(only(deny, { [first.id]: dials('20o 80d'), [firstOpen.id]: dials('20o 80d') }).censored, 'unobserved');
  });

  test('a slot in which a control failed neither breaks a silence nor adds to it', () => {
    const gap = { [first.id]: dials('43o 20d'), [second.id]: dials('45o 3d 15o') };
    assert.deepEqual([only(deny, gap).tookMs, only(deny, gap).silentDials], [{ atLeast: 49, atMost: 78 }, 16]);
  });

  test('a connection that gets through while a control fails is no leak, but forbids the bound', () => {
    const odd = only(deny, { [first.id]: dials('43o 20d 1o 20d'), [second.id]: dials('63o 1d 20o') });
    assert.deepEqual([odd.leaks, odd.leakBound], [[], null]);
    assert.match(
      odd.sentence,
      /\. 1 later connection got through while a control did not answer, so how many pass cannot be bounded\.$/,
    );
  });

  test('a slot that was not dialled, or could not be, neither breaks a silence nor adds to it', () => {
    const gaps = only(deny, { [first.id]: dials('43o 4d 1- 2d 1f 60d') });
    assert.deepEqual([gaps.tookMs, gaps.silentDials], [{ atLeast: 49, atMost: 78 }, 65]);
    assert.equal(only(deny, { [first.id]: dials('43o 7d 100-') }).censored, 'right');
  });

  test('is unobserved without a control, and where the observer did not dial the port or a control', () => {
    const alone = { ...deny, before: createRows('open', [], [first]), rows: createRows('deny', [first], [first]) };
    const observation = createObservation({ [first.id]: dials('43o 60d') });
    const { [first.id]: tested = '', [second.id]: control = '', ...others } = observation.tracks;
    for (const transition of [
      only(alone, { [first.id]: dials('43o 60d') }),
      ...judgeOn(deny, { observation: { ...observation, tracks: { ...others, [second.id]: control } } }),
      ...judgeOn(deny, { observation: { ...observation, tracks: { ...others, [first.id]: tested } } }),
    ])
      assert.deepEqual(
        [transition.censored, transition.sentence],
        [
          'unobserved',
          'How long node-1:30080 took to fall silent is not known: ' +
            'its controls did not answer beside it while an observer ran.',
        ],
      );
  });

  test('a single control is enough', () => {
    const pair = [first, firstOpen];
    const grounds = { ...deny, before: createRows('open', [], pair), rows: createRows('deny', [first], pair) };
    assert.deepEqual(only(grounds, { [first.id]: dials('43o 60d') }).tookMs, { atLeast: 49, atMost: 78 });
  });

  test('refusals are not silence', () => {
    assert.equal(only(deny, { [first.id]: dials('43o 60r') }).censored, 'right');
    assert.equal(only(deny, { [first.id]: dials('43o 60i') }).censored, 'right');
  });

  test('that was silent from the first look on is censored on the left', () => {
    const late = only({ ...deny, moments: [createMoment('policyAccepted', -400)] }, { [first.id]: dials('60d') });
    assert.deepEqual([late.censored, late.tookMs], ['left', null]);
    assert.match(
      late.sentence,
      /^node-1:30080 was silent from the observer's first dial on, at most 403 ms after the policy was sent\. None/,
    );
  });

  test('that was silent before the policy was sent was silenced by something else', () => {
    const early = only(deny, { [first.id]: dials('20o 60d') });
    assert.equal(early.tookMs, null);
    assert.match(
      early.sentence,
      /^node-1:30080 had fallen silent at least 497 ms before the policy was sent\. Something else did it\. None of 59/,
    );
  });

  test('a silence that was over before the policy was sent is neither the change nor followed by leaks', () => {
    const { censored, leaks, silentDials, tookMs } = only(deny, { [first.id]: dials('10o 20d 13o 60d') });
    assert.deepEqual([censored, leaks, silentDials, tookMs], ['no', [], 59, { atLeast: 49, atMost: 228 }]);
  });

  test('when nobody reported the change is placed on the clock, not measured', () => {
    const unasked = only({ ...deny, moments: [] }, { [first.id]: dials('43o 60d') });
    assert.deepEqual([unasked.tookMs, unasked.censored], [null, 'no']);
    assert.match(
      unasked.sentence,
      /fell silent between \S+:06\.049Z and \S+:06\.078Z\. When the change was asked for is not known\. None/,
    );
  });

  test('is unobserved without an observer, with the reason', () => {
    const [nobody] = judgeOn(deny, {});
    const [lost] = judgeOn(deny, { observation: { missing: 'its folder is gone' } });
    assert.equal(nobody?.sentence, 'How long node-1:30080 took to fall silent is not known: no observer ran.');
    assert.equal(lost?.sentence, 'How long node-1:30080 took to fall silent is not known: its folder is gone.');
    assert.deepEqual([lost?.censored, lost?.moments, lost?.leakBound], ['unobserved', deny.moments, null]);
    assert.deepEqual([lost?.tookMs, lost?.leaks, lost?.silentDials], [null, [], 0]);
  });

  test('where packets were lost before, the edge reaches over as many silent dials as may be lost packets', () => {
    const lossy = only(deny, { [first.id]: dials('10o 1d 9o 1d 9o 1d 12o 60d') });
    assert.deepEqual(lossy.tookMs, { atLeast: 49, atMost: 103 });
  });

  test("the end of its proof is brought from the VM's clock to the worker's", () => {
    const late = { startedAt: vms(2000), elapsedMs: 3000.4 };
    const [one] = judgeOn(deny, {
      observation: createObservation({ [first.id]: dials('43o 60d') }),
      connections: [
        ...dial(first, 'proof', ['DROP'], late),
        ...dial(first, 'proof', ['DROP'], { ...late, elapsedMs: 100 }),
        ...dial(first, 'after', ['DROP'], { ...late, elapsedMs: 9000 }),
        ...dial(second, 'proof', ['DROP'], { ...late, elapsedMs: 9000 }),
      ],
    });
    assert.deepEqual(one && findMoment(one, 'proofComplete'), observed('proofComplete', 'proof complete', 4999, 5002));
  });

  test('beside a port that is silent already is controlled by the open ports alone', () => {
    const change = {
      before: createRows('enforced', [first]),
      rows: createRows('second', [first, second]),
      moments: [createMoment('labelWritten', 1000)],
    };
    const one = only(change, { [first.id]: dials('103d'), [second.id]: dials('43o 60d') });
    assert.deepEqual(one.tookMs, { atLeast: 49, atMost: 78 });
    assert.equal(
      only(change, { [second.id]: dials('43o 60d'), [firstOpen.id]: dials('43o 60d') }).censored,
      'unobserved',
    );
  });

  test('lists at most 100 leaks, the last among them, and counts all', () => {
    const flapping = only(deny, { [first.id]: dials('43o 8d 300o') });
    assert.deepEqual([flapping.leaks.length, flapping.leaks.at(-1)?.from], [100, workers(350 * 25 - 1)]);
    assert.match(flapping.sentence, /300 of 307 later connections/);
  });
});

describe('a port that answers again', () => {
  test('took from the first removal to between the last silence and the first answer', () => {
    const one = only(allow, { [first.id]: dials('43d 60o') });
    assert.deepEqual(
      [one.tookMs, one.censored, one.leakBound, one.silentDials],
      [{ atLeast: 49, atMost: 78 }, 'no', null, 0],
    );
    assert.equal(one.sentence, "node-1:30080 answered again 49 to 78 ms after the policy's removal was asked for.");
    assert.deepEqual(
      [findMoment(one, 'lastSilent'), findMoment(one, 'firstOpen')],
      [
        observed('lastSilent', 'last silence before answers', 1049, 1053),
        observed('firstOpen', 'first answer', 1049, 1078),
      ],
    );
  });

  test("is not concerned by another node's label", () => {
    const change = { ...allow, moments: [createMoment('labelRestored', 500, 600, 'node-2'), ...allow.moments] };
    assert.deepEqual(only(change, { [first.id]: dials('43d 60o') }).tookMs, { atLeast: 49, atMost: 78 });
    assert.equal(findMoment(only(change, { [first.id]: dials('43d 60o') }), 'labelRestored')?.node, 'node-1');
  });

  test('an answer is an answer, and where packets were lost the last silences may be lost packets', () => {
    assert.deepEqual(only(allow, { [first.id]: dials('43d 3o 1d 20o 1d 30o') }).tookMs, { atLeast: 24, atMost: 78 });
  });

  test('a single connection that gets through is not yet an opening', () => {
    assert.deepEqual(only(allow, { [first.id]: dials('43d 1o 30d 60o') }).tookMs, { atLeast: 824, atMost: 853 });
  });

  test('that never does while it is watched is censored on the right', () => {
    assert.match(
      only(allow, { [first.id]: dials('103d') }).sentence,
      /did not answer again for good beside live controls, until 1\.5 s after the policy's removal was asked for\.$/,
    );
  });
});

describe('the sentence of a change', () => {
  const removed = (from: number, to?: number): Moment[] => [createMoment('policyDeleted', from, to)];
  const sent = (from: number): Moment[] => [createMoment('policyAccepted', from)];
  const table: readonly (readonly [Grounds, string, string])[] = [
    [{ ...allow, moments: removed(-100) }, '60o', "answered from the observer's first dial on, at most 103 ms after"],
    [{ ...allow, moments: removed(3) }, '60o', "answered from the observer's first dial on, at most 0 ms after"],
    [{ ...allow, moments: removed(2) }, '60o', "answered from the observer's first dial on, at most 1 ms after"],
    [{ ...allow, moments: [] }, '60o', "answered from the observer's first dial on."],
    [{ ...allow, moments: removed(1000) }, '20d 60o', 'had answered again at least 497 ms before the policy'],
    [
      { ...allow, moments: removed(1000, 1900) },
      '100d',
      'did not answer again for good beside live controls, until 1.5 s',
    ],
    [{ ...allow, moments: [] }, '100d', 'did not answer again for good while an observer ran.'],
    [{ ...deny, moments: [] }, '43o 100o', 'did not fall silent for good while an observer ran.'],
    [{ ...deny, moments: [] }, '60d', "was silent from the observer's first dial on. None of 59 later connections"],
    [{ ...deny, moments: sent(1000) }, '43o 158d', 'at most 1.9 % of new connections pass'],
    [{ ...deny, moments: sent(1000) }, '43o 8d', 'None of 7 later connections got through, so at most 35 % of new'],
    [
      { ...deny, moments: sent(1000).map((one) => ({ ...one, words: '' })) },
      '43o 60d',
      'fell silent 49 to 78 ms after the change was asked for.',
    ],
  ];
  for (const [grounds, track, words] of table) {
    test(`${words} (${track})`, () => {
      const { sentence } = only(grounds, { [first.id]: dials(track) });
      assert.ok(sentence.startsWith('node-1:30080 ') && sentence.includes(words), sentence);
    });
  }
});

test('a phase in which nothing has to change has no transitions, be it the first or a later one', () => {
  const rows = createRows('enforced', [first]);
  assert.deepEqual(judgeOn({ rows, before: null, moments: [] }, {}), []);
  assert.deepEqual(judgeOn({ rows, before: rows, moments: deny.moments }, {}), []);
});
