import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Connection, Evidence, Target } from '../../src/contract/evidence.ts';
import type { Expectation, Verdict } from '../../src/contract/verdict.ts';
import type { Witnesses } from '../../src/contract/witnesses.ts';
import { judge } from '../../src/judge/judge.ts';

const port = (id: string, kind: Target['kind'] = 'nodePort'): Target => ({
  id,
  node: id.split(':')[0] ?? '',
  address: '10.0.0.1',
  port: Number(id.split(':')[1]),
  kind,
});
const denied = port('a:30080');
const other = port('b:30080');
const open = port('a:10250', 'openPort');
const drop: Expectation = { phase: 'enforced', target: denied, expected: 'DROP', controls: [other.id, open.id] };
const answer: Expectation = { phase: 'enforced', target: other, expected: 'OPEN', controls: [] };
const control: Expectation = { phase: 'enforced', target: open, expected: 'OPEN', controls: [] };

const at = '2026-01-02T03:04:05.000Z';
let sourcePort = 40_000;
const dial = (target: Target, stage: Connection['stage'], more: Partial<Connection> = {}): Connection => ({
  target: target.id,
  stage,
  outcome: 'OPEN',
  sourcePort: sourcePort++,
  startedAt: at,
  elapsedMs: 1.2,
  syns: 1,
  ...more,
});
const silence = { outcome: 'DROP', elapsedMs: 3200, syns: 4 } as const;
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const live = (target: Target, more: Partial<Connection> = {}): Connection[] =>
  (['before', 'during', 'during', 'after'] as const).map((stage) => dial(target, stage, more));
const proof = (target: Target, more: Partial<Connection> = {}, count = 3): Connection[] =>
  times(count, () => dial(target, 'proof', more));

const ready = { readyEndpoints: 2, readAt: at };
const none = { readyEndpoints: 0, readAt: at };
/** A deny as it should be; parts of it are replaced by the rows below. */
const good = {
  denied: proof(denied, silence),
  other: proof(other, { response: 'node-b frontend-2' }),
  open: proof(open),
  otherLive: live(other),
  openLive: live(open),
};
const evidence = (parts: Partial<typeof good> = {}, more: Partial<Evidence> = {}): Evidence => ({
  phase: 'enforced',
  startedAt: at,
  endedAt: at,
  kernel: '6.8.0-1021-azure',
  targets: [denied, other, open],
  convergence: { reached: true, rounds: 1, elapsedMs: 1 },
  connections: Object.values({ ...good, ...parts }).flat(),
  backends: { before: ready, after: ready },
  ...more,
});

function only(row: Expectation, seen: Evidence): Verdict {
  const [verdict, ...more] = judge([row], seen);
  assert.ok(verdict !== undefined && more.length === 0);
  return verdict;
}

interface Case {
  readonly name: string;
  readonly seen: Evidence;
  readonly observed: Verdict['observed'];
  readonly verdict: Verdict['verdict'];
  readonly sentence: string | RegExp;
}
const judged = (row: Expectation, cases: readonly Case[]): void => {
  for (const { name, seen, observed, verdict, sentence } of cases) {
    test(name, () => {
      const found = only(row, seen);
      assert.deepEqual([found.verdict, found.observed], [verdict, observed], found.sentence);
      if (typeof sentence === 'string') assert.equal(found.sentence, sentence);
      else assert.match(found.sentence, sentence);
    });
  }
};

const rst = { outcome: 'RST', errno: 'ECONNREFUSED' } as const;
const icmp = { outcome: 'ICMP_REJECT', errno: 'EHOSTUNREACH', icmp: { type: 3, code: 13 } } as const;
const fault = { outcome: 'PROBE_FAULT', syns: 0, fault: 'this host could not send: Network is unreachable' } as const;
const oldSilence = { outcome: 'DROP', elapsedMs: 3001, syns: 2 } as const;

describe('a port that is expected to be silent', () => {
  judged(drop, [
    {
      name: 'silence on 3 connections with 12 SYNs and live controls is PASS',
      seen: evidence(),
      observed: 'DROP',
      verdict: 'PASS',
      sentence:
        'a:30080 kept silent for 12 SYNs on 3 connections in 3.2 s, while b:30080 and a:10250 answered before, during and after.',
    },
    {
      name: '9 SYNs in all are enough',
      seen: evidence({ denied: proof(denied, { ...silence, syns: 3 }) }),
      observed: 'DROP',
      verdict: 'PASS',
      sentence: /for 9 SYNs/,
    },
    {
      name: '6 SYNs are too few on a kernel that sends one a second',
      seen: evidence({ denied: proof(denied, oldSilence) }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /6 SYNs on 3 connections in 3\.0 s are too little/,
    },
    {
      name: '6 SYNs are enough on a kernel before 6.5, which sends no more in 3 s',
      seen: evidence({ denied: proof(denied, oldSilence) }, { kernel: '5.15.0-1075-azure' }),
      observed: 'DROP',
      verdict: 'PASS',
      sentence: /for 6 SYNs/,
    },
    {
      name: '6 SYNs are enough on a new kernel that was told to double the time between SYNs',
      seen: evidence({ denied: proof(denied, oldSilence) }, { synLinearTimeouts: 0 }),
      verdict: 'PASS',
      observed: 'DROP',
      sentence: /for 6 SYNs/,
    },
    {
      name: '6 SYNs are too few on an old kernel that was taught to send one a second',
      seen: evidence({ denied: proof(denied, oldSilence) }, { kernel: '5.15.0-1075-azure', synLinearTimeouts: 4 }),
      verdict: 'INCONCLUSIVE',
      observed: 'DROP',
      sentence: /6 SYNs on 3 connections in 3\.0 s are too little/,
    },
    {
      name: 'a kernel 6.4 is one before 6.5',
      seen: evidence({ denied: proof(denied, oldSilence) }, { kernel: '6.4.0' }),
      observed: 'DROP',
      verdict: 'PASS',
      sentence: /for 6 SYNs/,
    },
    {
      name: 'a kernel whose version cannot be read is held to the stricter rule',
      seen: evidence({ denied: proof(denied, oldSilence) }, { kernel: 'mystery' }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /too little/,
    },
    {
      name: '2 connections are too few, however long',
      seen: evidence({ denied: proof(denied, { ...silence, syns: 6 }, 2) }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /12 SYNs on 2 connections/,
    },
    {
      name: 'connections from one source port are not independent',
      seen: evidence({ denied: proof(denied, { ...silence, sourcePort: 1 }) }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /too little/,
    },
    {
      name: 'a connection with a single SYN is too little, whatever the others sent',
      seen: evidence({ denied: [dial(denied, 'proof', { ...silence, syns: 1 }), ...proof(denied, silence)] }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /13 SYNs on 4 connections/,
    },
    {
      name: 'a connection given up before 3 s is too little',
      seen: evidence({ denied: proof(denied, { ...silence, elapsedMs: 2999 }) }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /too little/,
    },
    {
      name: 'an open port is FAIL',
      seen: evidence({ denied: proof(denied, { response: 'node-a frontend-1' }) }),
      observed: 'OPEN',
      verdict: 'FAIL',
      sentence:
        'a:30080 should have kept silent, but answered all 3 connections, the quickest in 1 ms, served by node-a frontend-1.',
    },
    {
      name: 'one connection that gets through is FAIL',
      seen: evidence({ denied: [...proof(denied, silence), dial(denied, 'proof')] }),
      observed: 'MIXED',
      verdict: 'FAIL',
      sentence: 'a:30080 should have kept silent, but let 1 of 4 connections through, the quickest in 1 ms.',
    },
    {
      name: 'a leak is FAIL even when a control failed',
      seen: evidence({ denied: proof(denied), otherLive: [] }),
      observed: 'OPEN',
      verdict: 'FAIL',
      sentence: /answered all 3/,
    },
    {
      name: 'a TCP reset is FAIL',
      seen: evidence({ denied: proof(denied, rst) }),
      observed: 'RST',
      verdict: 'FAIL',
      sentence: /refused 3 of 3 connections with a TCP reset: whoever dialled learns/,
    },
    {
      name: 'an ICMP reject is FAIL',
      seen: evidence({ denied: proof(denied, icmp) }),
      observed: 'ICMP_REJECT',
      verdict: 'FAIL',
      sentence: /refused 3 of 3 connections by ICMP \(type 3, code 13\)/,
    },
    {
      name: 'one reject among silence is FAIL: a host may limit its ICMP',
      seen: evidence({ denied: [...proof(denied, silence), dial(denied, 'proof', icmp)] }),
      observed: 'MIXED',
      verdict: 'FAIL',
      sentence: /refused 1 of 4/,
    },
    {
      name: 'a reject with a failed control is INCONCLUSIVE: the network may have sent it',
      seen: evidence({ denied: proof(denied, icmp), openLive: live(open, icmp) }),
      observed: 'ICMP_REJECT',
      verdict: 'INCONCLUSIVE',
      sentence: /a:10250 \(before ICMP_REJECT, during ICMP_REJECT x2, after ICMP_REJECT\) did not answer/,
    },
    {
      name: 'a reject without backends is INCONCLUSIVE: kube-proxy sends it then',
      seen: evidence({ denied: proof(denied, icmp) }, { backends: { before: none, after: none } }),
      observed: 'ICMP_REJECT',
      verdict: 'INCONCLUSIVE',
      sentence: /0 ready endpoints before and 0 after/,
    },
    {
      name: 'a probe that could not run is INCONCLUSIVE',
      seen: evidence({ denied: proof(denied, fault) }),
      observed: 'PROBE_FAULT',
      verdict: 'INCONCLUSIVE',
      sentence: '3 of 3 connections to a:30080 could not be tried: this host could not send: Network is unreachable.',
    },
    {
      name: 'one probe that could not run spoils the silence of the others',
      seen: evidence({ denied: [...proof(denied, silence), dial(denied, 'proof', fault)] }),
      observed: 'MIXED',
      verdict: 'INCONCLUSIVE',
      sentence: /^1 of 4/,
    },
    {
      name: 'no connection at all is INCONCLUSIVE',
      seen: evidence({ denied: [] }),
      observed: 'NONE',
      verdict: 'INCONCLUSIVE',
      sentence: 'a:30080 was not dialled, so nothing is known about it.',
    },
    {
      name: 'evidence of another phase is INCONCLUSIVE (W4)',
      seen: evidence({}, { phase: 'baseline' }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /from phase baseline/,
    },
    {
      name: 'backends not ready before are INCONCLUSIVE (W4)',
      seen: evidence({}, { backends: { before: none, after: ready } }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /0 ready endpoints before and 2 after/,
    },
    {
      name: 'backends not ready after are INCONCLUSIVE (W4)',
      seen: evidence({}, { backends: { before: ready, after: none } }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /2 ready endpoints before and 0 after/,
    },
    {
      name: 'controls that were never dialled are INCONCLUSIVE (W4)',
      seen: evidence({ otherLive: [] }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /b:30080 \(before not dialled, during not dialled, after not dialled\)/,
    },
  ]);

  for (const stage of ['before', 'during', 'after'] as const) {
    for (const [name, dead] of [
      ['the other node', 'otherLive'],
      ['the open port', 'openLive'],
    ] as const) {
      test(`${name} dead ${stage} the window is INCONCLUSIVE, never PASS (W4)`, () => {
        const failing = good[dead].map((one) => (one.stage === stage ? { ...one, ...silence } : one));
        assert.equal(only(drop, evidence({ [dead]: failing })).verdict, 'INCONCLUSIVE');
        const missing = good[dead].filter((one) => one.stage !== stage);
        assert.equal(only(drop, evidence({ [dead]: missing })).verdict, 'INCONCLUSIVE');
      });
    }
  }

  test('one of several controls during the window that fails is INCONCLUSIVE (W4)', () => {
    assert.equal(
      only(drop, evidence({ otherLive: [...live(other), dial(other, 'during', silence)] })).verdict,
      'INCONCLUSIVE',
    );
  });

  test('a deny without any control is INCONCLUSIVE: silence alone proves nothing (W4)', () => {
    assert.equal(only({ ...drop, controls: [] }, evidence()).verdict, 'INCONCLUSIVE');
  });

  test('the verdict carries what it rests on', () => {
    const { evidence: basis, ...verdict } = only(drop, evidence());
    assert.deepEqual(
      [verdict.phase, verdict.node, verdict.target, verdict.expected],
      ['enforced', 'a', denied, 'DROP'],
    );
    assert.deepEqual([basis.connections, basis.syns, basis.windowMs], [3, 12, 3200]);
    assert.deepEqual(basis.controls, [
      { control: 'b:30080', live: true, seen: 'before OPEN, during OPEN x2, after OPEN' },
      { control: 'a:10250', live: true, seen: 'before OPEN, during OPEN x2, after OPEN' },
    ]);
  });
});

describe('an observer and other witnesses beside a silent port', () => {
  const watched = (tested: string): Partial<Evidence> => ({
    observation: {
      startedAt: at,
      slots: 100,
      cadenceMs: 25,
      dialTimeoutMs: 200,
      latenessMs: 1,
      clock: { offsetMs: 0, uncertaintyMs: 1, exchanges: 8 },
      tracks: { [denied.id]: tested, [other.id]: '90o10d', [open.id]: '100o' },
      held: [],
      ended: 'read',
    },
  });
  const witnesses = {
    deniedPackets: { a: { source: 'counter', before: 3, after: 12 } },
    securityRules: { [denied.id]: { access: 'Allow', rule: 'AllowVnetOutBound' } },
    routes: { [denied.id]: { nextHop: 'VNetPeering', prefix: '10.0.0.0/8' } },
    peerings: [
      { id: 'there', state: 'Connected', provisioningState: 'Succeeded' },
      { id: 'back', state: 'Connected', provisioningState: 'Succeeded' },
    ],
  } as const satisfies Evidence['witnesses'];
  const but = (change: Partial<Witnesses>): Evidence => evidence({}, { witnesses: { ...witnesses, ...change } });
  const cause = (what: string): string => `a:30080 kept silent, but that need not be the policy’s doing: ${what}.`;
  const pass = { observed: 'DROP', verdict: 'PASS', sentence: /^a:30080 kept silent for 12 SYNs/ } as const;

  judged(drop, [
    { name: 'that agree leave a PASS', seen: evidence({}, { ...watched('40o60d'), witnesses }), ...pass },
    {
      name: 'that are missing leave a PASS: the findings say so',
      seen: but({ routes: { missing: 'x' }, peerings: { missing: 'x' }, deniedPackets: {} }),
      ...pass,
    },
    {
      name: 'that saw packets lost before the silence leave a PASS',
      seen: evidence({}, watched('10o2d20o3d5o60d')),
      ...pass,
    },
    {
      name: 'one connection of the observer’s that got through after the first silence is FAIL, with its time',
      seen: evidence({}, watched('40o20d1o39d')),
      observed: 'DROP',
      verdict: 'FAIL',
      sentence:
        'a:30080 fell silent, but let 1 of 49 connections of the observer through after that, at 2026-01-02T03:04:06.499Z.',
    },
    {
      name: 'refusals that their limiter lets through now and then are FAIL: most dials of a port that refuses by ICMP look silent',
      seen: evidence({}, watched('40o6i30d1i23d')),
      observed: 'DROP',
      verdict: 'FAIL',
      sentence:
        'a:30080 kept silent, but refused 7 of 90 connections of the observer by ICMP: whoever dialled learns that somebody is there.',
    },
    {
      name: 'refusals of both kinds are named',
      seen: evidence({}, watched('40o20d1r9d1i29d')),
      observed: 'DROP',
      verdict: 'FAIL',
      sentence: /refused 2 of 90 connections of the observer with a TCP reset and by ICMP: whoever/,
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
      name: 'a security rule that denies the port makes it INCONCLUSIVE: the silence may be its doing',
      seen: but({ securityRules: { [denied.id]: { access: 'Deny', rule: 'DenyAll' } } }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: cause('Azure’s security rule DenyAll keeps the VM’s packets from a:30080'),
    },
    {
      name: 'a security rule that denies another port does not concern it',
      seen: but({ securityRules: { ...witnesses.securityRules, [other.id]: { access: 'Deny', rule: 'x' } } }),
      ...pass,
    },
    {
      name: 'a route to nowhere makes it INCONCLUSIVE',
      seen: but({ routes: { [denied.id]: { nextHop: 'None', prefix: '10.0.0.1/32' } } }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: cause('Azure’s effective route 10.0.0.1/32 drops the VM’s packets to a:30080'),
    },
    {
      name: 'a broken peering and a counter that stood still make it INCONCLUSIVE, both named',
      seen: but({
        peerings: [witnesses.peerings[0], { id: 'back', state: 'Disconnected', provisioningState: 'Succeeded' }],
        deniedPackets: { a: { source: 'counter', before: 7, after: 7 } },
      }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: cause(
        'the peering back is Disconnected, Succeeded and the rules of a counted no packet denied by the policy for 12 SYNs of the proof (counter)',
      ),
    },
    {
      name: 'that speak for another cause do not hide a connection that got through',
      seen: evidence(
        { denied: proof(denied) },
        { witnesses: { ...witnesses, peerings: [{ id: 'x', state: 'Disconnected', provisioningState: 'Succeeded' }] } },
      ),
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
          witnesses: { ...witnesses, securityRules: { [other.id]: { access: 'Deny', rule: 'x' } } },
        },
      ),
      observed: 'OPEN',
      verdict: 'PASS',
      sentence: /answered all 3/,
    },
  ]);
});

const allSilent = {
  denied: proof(denied, silence),
  other: proof(other, silence),
  open: proof(open, silence),
  otherLive: live(other, silence),
  openLive: live(open, silence),
};

describe('a NodePort that is expected to answer', () => {
  judged(answer, [
    {
      name: 'answers are PASS, and say who answered',
      seen: evidence(),
      observed: 'OPEN',
      verdict: 'PASS',
      sentence: 'b:30080 answered all 3 connections, the quickest in 1 ms, served by node-b frontend-2.',
    },
    {
      name: 'silence is FAIL',
      seen: evidence({ other: proof(other, silence) }),
      observed: 'DROP',
      verdict: 'FAIL',
      sentence: 'b:30080 should have answered, but kept silent for 12 SYNs on 3 connections in 3.2 s.',
    },
    {
      name: 'a reset is FAIL',
      seen: evidence({ other: proof(other, rst) }),
      observed: 'RST',
      verdict: 'FAIL',
      sentence: 'b:30080 should have answered, but refused all 3 connections with a TCP reset.',
    },
    {
      name: 'an ICMP reject is FAIL',
      seen: evidence({ other: proof(other, icmp) }),
      observed: 'ICMP_REJECT',
      verdict: 'FAIL',
      sentence: /by ICMP \(type 3, code 13\)\.$/,
    },
    {
      name: 'now and then is FAIL',
      seen: evidence({ other: [...proof(other), dial(other, 'proof', silence)] }),
      observed: 'MIXED',
      verdict: 'FAIL',
      sentence: 'b:30080 should have answered every time, but showed OPEN x3 and DROP.',
    },
    {
      name: 'silence without ready backends is INCONCLUSIVE',
      seen: evidence({ other: proof(other, silence) }, { backends: { before: ready, after: none } }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /2 ready endpoints before and 0 after/,
    },
    {
      name: 'silence of everything is INCONCLUSIVE: the path is dead',
      seen: evidence(allSilent),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /neither did anything else: the path from the VM is dead/,
    },
    {
      name: 'a probe that could not run is INCONCLUSIVE',
      seen: evidence({ other: [...proof(other), dial(other, 'proof', fault)] }),
      observed: 'MIXED',
      verdict: 'INCONCLUSIVE',
      sentence: /^1 of 4 connections to b:30080 could not be tried/,
    },
    {
      name: 'no connection at all is INCONCLUSIVE',
      seen: evidence({ other: [] }),
      observed: 'NONE',
      verdict: 'INCONCLUSIVE',
      sentence: /was not dialled/,
    },
    {
      name: 'answers in the window but silence after it are INCONCLUSIVE',
      seen: evidence({ otherLive: [...live(other), dial(other, 'after', silence)] }),
      observed: 'OPEN',
      verdict: 'INCONCLUSIVE',
      sentence:
        'b:30080 answered all 3 connections, but not every time around them: before OPEN, during OPEN x2, after OPEN and DROP.',
    },
    {
      name: 'evidence of another phase is INCONCLUSIVE (W4)',
      seen: evidence({}, { phase: 'second' }),
      observed: 'OPEN',
      verdict: 'INCONCLUSIVE',
      sentence: /from phase second/,
    },
  ]);
});

describe('an open port, the control of a deny', () => {
  judged(control, [
    {
      name: 'answers are PASS',
      seen: evidence(),
      observed: 'OPEN',
      verdict: 'PASS',
      sentence: 'a:10250 answered all 3 connections, the quickest in 1 ms.',
    },
    {
      name: 'silence is FAIL: the deny took more than its port',
      seen: evidence({ open: proof(open, silence) }),
      observed: 'DROP',
      verdict: 'FAIL',
      sentence: /a:10250 should have answered, but kept silent/,
    },
    {
      name: 'silence is FAIL whatever the backends do: they do not serve it',
      seen: evidence({ open: proof(open, silence) }, { backends: { before: none, after: none } }),
      observed: 'DROP',
      verdict: 'FAIL',
      sentence: /kept silent/,
    },
    {
      name: 'silence of everything is INCONCLUSIVE',
      seen: evidence(allSilent),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /path from the VM is dead/,
    },
  ]);
});

test('a verdict comes for every row, in order', () => {
  assert.deepEqual(
    judge([control, drop, answer], evidence()).map(({ target }) => target.id),
    [open.id, denied.id, other.id],
  );
});
