import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judgePhase } from '../../src/judge/judgement.ts';
import { createBackends, service, workers } from '../support/evidence.ts';
import {
  alone,
  answer,
  control,
  denied,
  drop,
  evidence,
  fault,
  good,
  icmp,
  judged,
  live,
  only,
  open,
  other,
  proof,
  rst,
  silence,
} from './rows.ts';

const oldSilence = { outcome: 'DROP', elapsedMs: 3001, syns: 2 } as const;

describe('a port that is expected to be silent', () => {
  judged(drop, [
    {
      name: 'silence on 3 connections with 12 SYNs and live controls is PASS',
      seen: evidence(),
      observed: 'DROP',
      verdict: 'PASS',
      sentence:
        'a:30080 did not answer: 12 SYNs on 3 connections in 3.2 s. b:30080 and a:10250 answered before, ' +
        'during and after.',
    },
    {
      name: '9 SYNs in all are enough',
      seen: evidence({ denied: proof(denied, { ...silence, syns: 3 }) }),
      observed: 'DROP',
      verdict: 'PASS',
      sentence: /answer: 9 SYNs/,
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
      sentence: /answer: 6 SYNs/,
    },
    {
      name: '6 SYNs are enough on a new kernel that was told to double the time between SYNs',
      seen: evidence({ denied: proof(denied, oldSilence) }, { synLinearTimeouts: 0 }),
      verdict: 'PASS',
      observed: 'DROP',
      sentence: /answer: 6 SYNs/,
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
      sentence: /answer: 6 SYNs/,
    },
    {
      name: 'a kernel 6.5 sends one a second',
      seen: evidence({ denied: proof(denied, oldSilence) }, { kernel: '6.5.0' }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /too little/,
    },
    {
      name: 'a kernel 7.0 sends one a second',
      seen: evidence({ denied: proof(denied, oldSilence) }, { kernel: '7.0.1' }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /too little/,
    },
    {
      name: 'a kernel without linear timeouts doubles the time, whatever its version',
      seen: evidence({ denied: proof(denied, oldSilence) }, { synLinearTimeouts: null }),
      observed: 'DROP',
      verdict: 'PASS',
      sentence: /answer: 6 SYNs/,
    },
    {
      name: 'a single linear timeout is held to the stricter rule',
      seen: evidence({ denied: proof(denied, oldSilence) }, { synLinearTimeouts: 1 }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /too little/,
    },
    {
      name: 'connections of 3 s sharp are long enough',
      seen: evidence({ denied: proof(denied, { ...silence, elapsedMs: 3000 }) }),
      observed: 'DROP',
      verdict: 'PASS',
      sentence: /12 SYNs on 3 connections in 3\.0 s/,
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
      seen: evidence({ denied: [...alone(denied, 'proof', { ...silence, syns: 1 }), ...proof(denied, silence)] }),
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
        'a:30080 should not have answered. It answered all 3 connections, the quickest in 1 ms, served by ' +
        'node-a frontend-1.',
    },
    {
      name: 'one connection that gets through is FAIL',
      seen: evidence({ denied: [...proof(denied, silence), ...alone(denied, 'proof')] }),
      observed: 'MIXED',
      verdict: 'FAIL',
      sentence: 'a:30080 should not have answered. It let 1 of 4 connections through, the quickest in 1 ms.',
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
      sentence: /refused 3 of 3 connections with a TCP reset, so whoever dials learns/,
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
      seen: evidence({ denied: [...proof(denied, silence), ...alone(denied, 'proof', icmp)] }),
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
      seen: evidence({ denied: proof(denied, icmp) }, { backends: createBackends(0, 0) }),
      observed: 'ICMP_REJECT',
      verdict: 'INCONCLUSIVE',
      sentence: /demo\/frontend had 0 ready endpoints before and 0 after\.$/,
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
      seen: evidence({ denied: [...proof(denied, silence), ...alone(denied, 'proof', fault)] }),
      observed: 'MIXED',
      verdict: 'INCONCLUSIVE',
      sentence: /^1 of 4 connections to a:30080 could not be tried: this host could not send/,
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
      sentence:
        /^The evidence is of phase baseline from vm. It proves nothing about a:30080 in phase enforced from vm.$/,
    },
    {
      name: 'evidence from another vantage is INCONCLUSIVE (W4)',
      seen: evidence({}, { vantage: 'pod' }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence:
        /^The evidence is of phase enforced from pod. It proves nothing about a:30080 in phase enforced from vm.$/,
    },
    {
      name: "backends that were not read are INCONCLUSIVE, and another service's do not stand in (W4)",
      seen: evidence({}, { backends: { 'demo/other': createBackends()[service] ?? assert.fail() } }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence:
        /^a:30080 showed DROP x3, but that proves nothing: whether its service had ready endpoints is not known.$/,
    },
    {
      name: 'a single ready backend before and after is enough',
      seen: evidence({}, { backends: createBackends(1, 1) }),
      observed: 'DROP',
      verdict: 'PASS',
      sentence: /^a:30080 did not answer: 12 SYNs/,
    },
    {
      name: 'a probe that could not run for a reason that nobody gave is INCONCLUSIVE',
      seen: evidence({ denied: proof(denied, { outcome: 'PROBE_FAULT' }).map(({ fault: _, ...one }) => one) }),
      observed: 'PROBE_FAULT',
      verdict: 'INCONCLUSIVE',
      sentence: '3 of 3 connections to a:30080 could not be tried: no reason is known.',
    },
    {
      name: 'of several controls those that failed are named',
      seen: evidence({ openLive: live(open, silence) }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence:
        'a:30080 showed DROP x3, but that proves nothing: ' +
        'a:10250 (before DROP, during DROP x2, after DROP) did not answer before, during and after.',
    },
    {
      name: 'all controls that failed are named',
      seen: evidence({ openLive: [], otherLive: [] }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /: b:30080 \(.*\) and a:10250 \(.*\) did not answer before, during and after\.$/,
    },
    {
      name: 'backends not ready before are INCONCLUSIVE (W4)',
      seen: evidence({}, { backends: createBackends(0, 2) }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /0 ready endpoints before and 2 after/,
    },
    {
      name: 'backends not ready after are INCONCLUSIVE (W4)',
      seen: evidence({}, { backends: createBackends(2, 0) }),
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
      only(drop, evidence({ otherLive: [...live(other), ...alone(other, 'during', silence)] })).verdict,
      'INCONCLUSIVE',
    );
  });

  test('a deny without any control is INCONCLUSIVE: silence alone proves nothing (W4)', () => {
    const { verdict, sentence } = only({ ...drop, controls: [] }, evidence());
    assert.equal(verdict, 'INCONCLUSIVE');
    assert.equal(sentence, 'a:30080 showed DROP x3, but no control was named. Silence alone proves nothing.');
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

test('the window of a proof reaches from the first start to the last end; without a proof it is empty', () => {
  const [one, two, three] = [0, 1000, 500].map((ms, index) =>
    alone(denied, 'proof', { ...silence, startedAt: workers(ms), elapsedMs: 3000 + index, sourcePort: index }),
  );
  const windowOf = (parts: Parameters<typeof evidence>[0]): number => only(drop, evidence(parts)).evidence.windowMs;
  assert.equal(windowOf({ denied: [one, two, three].flatMap((some) => some ?? []) }), 4001);
  assert.equal(windowOf({ denied: one ?? [] }), 3000);
  assert.equal(windowOf({ denied: [] }), 0);
});

test('a verdict comes for every row, in order', () => {
  assert.deepEqual(
    judgePhase({ rows: [control, drop, answer], before: null, moments: [] }, evidence()).verdicts.map(
      ({ target }) => target.id,
    ),
    [open.id, denied.id, other.id],
  );
});
