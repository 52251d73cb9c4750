import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  dials,
  evidence,
  first,
  firstOpen,
  mark,
  observation,
  second,
  vms,
  workers,
} from '../../scripts/observed-examples.ts';
import type { Connection } from '../../src/contract/evidence.ts';
import type { Mark, Transition } from '../../src/contract/report.ts';
import { type Change, transitionsOf } from '../../src/judge/transitions.ts';

const deny: Change = {
  phase: 'enforced',
  to: 'DROP',
  targets: [first],
  marks: [mark('labelWritten', 800, 820), mark('policyAccepted', 1000, 1040)],
};
const allow: Change = {
  phase: 'restored',
  to: 'OPEN',
  targets: [first],
  marks: [mark('policyDeleted', 1000, 1040), mark('labelRestored', 1100, 1150, 'node-1')],
};

function only(
  change: Change,
  tracks: Parameters<typeof observation>[0],
  more: Parameters<typeof observation>[1] = {},
): Transition {
  const [one, ...others] = transitionsOf(change, evidence(change.phase, observation(tracks, more)));
  assert.ok(one !== undefined && others.length === 0);
  return one;
}
const markOf = ({ marks }: Transition, name: Mark['name']): Mark | undefined => marks.find((one) => one.name === name);

describe('a port that falls silent', () => {
  // Slot 43 begins 1075 ms after the start and is the first silent one; slot 42 at 1050 ms was the last to get through.
  const sharp = only(deny, { [first.id]: dials('43o 215d') });

  test('took from the policy’s sending to between the last answer and the first silence, with lateness and the clocks’ uncertainty', () => {
    assert.deepEqual([sharp.tookMs, sharp.censored], [{ atLeast: 49, atMost: 78 }, 'no']);
    assert.equal(
      sharp.sentence,
      'node-1:30080 went silent 49 to 78 ms after the policy was sent; 214 new connections after that were all silent, so at most 1.4 % of new connections pass (95 % confidence).',
    );
    assert.deepEqual(sharp.marks, [
      mark('labelWritten', 800, 820),
      mark('policyAccepted', 1000, 1040),
      mark('lastOpen', 1049, 1053),
      mark('firstSilent', 1049, 1078),
    ]);
  });

  test('has a leak bound of 1 - 0.05^(1/n), and dials that count', () => {
    assert.deepEqual([sharp.silentDials, sharp.leaks, sharp.leakBound], [214, [], 1 - 0.05 ** (1 / 214)]);
  });

  test('without a policy of this phase is measured from the label, and with both from the later of them', () => {
    const label = { ...deny, marks: [mark('labelWritten', 900)] };
    assert.deepEqual(only(label, { [first.id]: dials('43o 60d') }).tookMs, { atLeast: 149, atMost: 178 });
    const labelLast = { ...deny, marks: [mark('policyAccepted', 500), mark('labelWritten', 900)] };
    assert.match(only(labelLast, { [first.id]: dials('43o 60d') }).sentence, /149 to 178 ms after the label was sent/);
  });

  test('and lets connections through afterwards has leaks with their time, and no bound', () => {
    const leaky = only(deny, { [first.id]: dials('43o 20d 1o 10d 2o 30d') });
    assert.deepEqual(
      leaky.leaks.map(({ from }) => from),
      [63, 74, 75].map((slot) => workers(slot * 25 - 1)),
    );
    assert.deepEqual([leaky.leakBound, markOf(leaky, 'lastLeak')?.from], [null, workers(1874)]);
    assert.match(
      leaky.sentence,
      /; 3 of 62 new connections after that got through, the last at 2026-01-02T03:04:06\.874Z\.$/,
    );
  });

  test('fewer than 8 silent dials in a row are no silence', () => {
    const flicker = only(deny, { [first.id]: dials('43o 7d 40o 7d') });
    assert.deepEqual([flicker.censored, flicker.tookMs, flicker.leaks], ['right', null, []]);
    assert.equal(
      flicker.sentence,
      'node-1:30080 did not fall silent for good while it was watched beside live controls, until 1.4 s after the policy was sent.',
    );
  });

  test('silence counts only while every control answers (W4): a machine that stands still, and a dead path, make no edge', () => {
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
      /; 1 new connection got through after that while a control did not answer, so how many pass cannot be bounded\.$/,
    );
  });

  test('refusals are not silence', () => {
    assert.equal(only(deny, { [first.id]: dials('43o 60r') }).censored, 'right');
    assert.equal(only(deny, { [first.id]: dials('43o 60i') }).censored, 'right');
  });

  test('that was silent from the first look on is censored on the left', () => {
    const late = only({ ...deny, marks: [mark('policyAccepted', -400)] }, { [first.id]: dials('60d') });
    assert.deepEqual([late.censored, late.tookMs], ['left', null]);
    assert.match(
      late.sentence,
      /^node-1:30080 was silent already when it was first watched, at most 403 ms after the policy was sent; 59 new/,
    );
  });

  test('that was silent before the policy was sent was silenced by something else', () => {
    const early = only(deny, { [first.id]: dials('20o 60d') });
    assert.equal(early.tookMs, null);
    assert.match(
      early.sentence,
      /^node-1:30080 was silent already 497 ms or more before the policy was sent, so something else did it;/,
    );
  });

  test('a silence that was over before the policy was sent is another one', () => {
    assert.deepEqual(only(deny, { [first.id]: dials('10o 20d 13o 60d') }), {
      ...only(deny, { [first.id]: dials('10o 20d 13o 60d') }),
      censored: 'no',
      leaks: [],
    });
    assert.equal(only(deny, { [first.id]: dials('10o 20d 13o 60d') }).silentDials, 59);
  });

  test('when nobody reported the change is placed on the clock, not measured', () => {
    const unasked = only({ ...deny, marks: [] }, { [first.id]: dials('43o 60d') });
    assert.deepEqual([unasked.tookMs, unasked.censored], [null, 'no']);
    assert.match(
      unasked.sentence,
      /went silent between 2026-01-02T03:04:06\.049Z and 2026-01-02T03:04:06\.078Z; when the change was asked for is not known/,
    );
  });

  test('is unobserved without an observer, and says why', () => {
    const [nobody] = transitionsOf(deny, evidence('enforced', undefined));
    const [lost] = transitionsOf(deny, evidence('enforced', { missing: 'its folder is gone' }));
    assert.equal(nobody?.sentence, 'How long node-1:30080 took to fall silent is not known: nobody watched it.');
    assert.equal(lost?.sentence, 'How long node-1:30080 took to fall silent is not known: its folder is gone.');
    assert.deepEqual([lost?.censored, lost?.marks, lost?.leakBound], ['unobserved', deny.marks, null]);
  });

  test('where packets were lost before, the edge reaches over as many silent dials as may have been lost packets', () => {
    const lossy = only(deny, { [first.id]: dials('10o 1d 9o 1d 9o 1d 12o 60d') });
    assert.deepEqual(lossy.tookMs, { atLeast: 49, atMost: 103 });
  });

  test('the end of its proof is brought from the VM’s clock to the worker’s', () => {
    const proof: Connection = {
      target: first.id,
      stage: 'proof',
      outcome: 'DROP',
      sourcePort: 1,
      startedAt: vms(2000),
      elapsedMs: 3000.4,
      syns: 3,
    };
    const [one] = transitionsOf(
      deny,
      evidence('enforced', observation({ [first.id]: dials('43o 60d') }), { connections: [proof] }),
    );
    assert.deepEqual(one && markOf(one, 'proofComplete'), mark('proofComplete', 4999, 5002));
  });

  test('in the second phase is controlled by the open ports alone: the first node is silent already', () => {
    const change: Change = { phase: 'second', to: 'DROP', targets: [second], marks: [mark('labelWritten', 1000)] };
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
    assert.match(flapping.sentence, /300 of 307 new connections/);
  });
});

describe('a port that answers again', () => {
  test('took from the first removal to between the last silence and the first answer', () => {
    const one = only(allow, { [first.id]: dials('43d 60o') });
    assert.deepEqual(
      [one.tookMs, one.censored, one.leakBound, one.silentDials],
      [{ atLeast: 49, atMost: 78 }, 'no', null, 0],
    );
    assert.equal(one.sentence, 'node-1:30080 answered again 49 to 78 ms after the policy’s removal was asked for.');
    assert.deepEqual(
      [markOf(one, 'lastSilent'), markOf(one, 'firstOpen')],
      [mark('lastSilent', 1049, 1053), mark('firstOpen', 1049, 1078)],
    );
  });

  test('is not concerned by another node’s label', () => {
    const change = { ...allow, marks: [mark('labelRestored', 500, 600, 'node-2'), ...allow.marks] };
    assert.deepEqual(only(change, { [first.id]: dials('43d 60o') }).tookMs, { atLeast: 49, atMost: 78 });
    assert.equal(markOf(only(change, { [first.id]: dials('43d 60o') }), 'labelRestored')?.node, 'node-1');
  });

  test('with lost packets among its answers: an answer is an answer, and the last silences may have been lost packets', () => {
    assert.deepEqual(only(allow, { [first.id]: dials('43d 3o 1d 20o 1d 30o') }).tookMs, { atLeast: 24, atMost: 78 });
  });

  test('a single connection that gets through is not yet an opening', () => {
    assert.deepEqual(only(allow, { [first.id]: dials('43d 1o 30d 60o') }).tookMs, { atLeast: 824, atMost: 853 });
  });

  test('that never does while it is watched is censored on the right', () => {
    assert.match(
      only(allow, { [first.id]: dials('103d') }).sentence,
      /did not answer again for good while it was watched beside live controls, until 1\.5 s after the policy’s removal/,
    );
  });
});

test('a phase without change has no transitions', () => {
  assert.deepEqual(
    transitionsOf({ phase: 'baseline', to: 'OPEN', targets: [], marks: [] }, evidence('baseline', undefined)),
    [],
  );
});
