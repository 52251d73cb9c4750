import { describe } from 'node:test';
import { createBackends } from '../support/evidence.ts';
import {
  alone,
  answer,
  control,
  denied,
  evidence,
  fault,
  icmp,
  judged,
  live,
  open,
  other,
  proof,
  rst,
  silence,
} from './rows.ts';

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
      sentence: 'b:30080 should have answered. It did not: 12 SYNs on 3 connections in 3.2 s.',
    },
    {
      name: 'a reset is FAIL',
      seen: evidence({ other: proof(other, rst) }),
      observed: 'RST',
      verdict: 'FAIL',
      sentence: 'b:30080 should have answered. It refused all 3 connections with a TCP reset.',
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
      seen: evidence({ other: [...proof(other), ...alone(other, 'proof', silence)] }),
      observed: 'MIXED',
      verdict: 'FAIL',
      sentence: 'b:30080 should have answered every time. It showed OPEN x3 and DROP.',
    },
    {
      name: 'answers are PASS whatever the API server reports of the backends',
      seen: evidence({}, { backends: createBackends(0, 0) }),
      observed: 'OPEN',
      verdict: 'PASS',
      sentence: /answered all 3 connections/,
    },
    {
      name: 'refusals and silence are told as what they are',
      seen: evidence({ other: [...proof(other, rst), ...alone(other, 'proof', silence)] }),
      observed: 'MIXED',
      verdict: 'FAIL',
      sentence: 'b:30080 should have answered every time. It showed RST x3 and DROP.',
    },
    {
      name: 'refusals of both kinds are told together',
      seen: evidence({ other: [...proof(other, rst, 1), ...alone(other, 'proof', icmp)] }),
      observed: 'MIXED',
      verdict: 'FAIL',
      sentence:
        'b:30080 should have answered. It refused all 2 connections with a TCP reset and by ICMP (type 3, code 13).',
    },
    {
      name: 'probes that could not run are no reply: the path may be dead',
      seen: evidence({ ...allSilent, open: proof(open, fault), openLive: live(open, fault) }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /^b:30080 did not answer, but nothing else did either/,
    },
    {
      name: 'the quickest of several answers is told',
      seen: evidence({ other: [5, 2, 9].flatMap((elapsedMs) => proof(other, { elapsedMs }, 1)) }),
      observed: 'OPEN',
      verdict: 'PASS',
      sentence: 'b:30080 answered all 3 connections, the quickest in 2 ms.',
    },
    {
      name: 'a refusal by ICMP whose message was not seen is told without its type',
      seen: evidence({ other: proof(other, icmp).map(({ icmp: _, ...one }) => one) }),
      observed: 'ICMP_REJECT',
      verdict: 'FAIL',
      sentence: 'b:30080 should have answered. It refused all 3 connections by ICMP.',
    },
    {
      name: 'a single answer is the only connection',
      seen: evidence({ other: proof(other, {}, 1) }),
      observed: 'OPEN',
      verdict: 'PASS',
      sentence: 'b:30080 answered the only connection, the quickest in 1 ms.',
    },
    {
      name: 'at most three backends are named, each once',
      seen: evidence({
        other: ['w', 'x', 'x', 'y', 'z'].flatMap((response) => proof(other, { response }, 1)),
      }),
      observed: 'OPEN',
      verdict: 'PASS',
      sentence: /all 5 connections, the quickest in 1 ms, served by w, x and y\.$/,
    },
    {
      name: 'silence without ready backends is INCONCLUSIVE',
      seen: evidence({ other: proof(other, silence) }, { backends: createBackends(2, 0) }),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /2 ready endpoints before and 0 after/,
    },
    {
      name: 'silence of everything is INCONCLUSIVE: the path is dead',
      seen: evidence(allSilent),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /^b:30080 did not answer, but nothing else did either. The path from vm is dead/,
    },
    {
      name: 'a probe that could not run is INCONCLUSIVE',
      seen: evidence({ other: [...proof(other), ...alone(other, 'proof', fault)] }),
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
      seen: evidence({ otherLive: [...live(other), ...alone(other, 'after', silence)] }),
      observed: 'OPEN',
      verdict: 'INCONCLUSIVE',
      sentence:
        'b:30080 answered all 3 connections, but not every dial around them: before OPEN, during OPEN x2, ' +
        'after OPEN and DROP.',
    },
    {
      name: 'evidence of another phase is INCONCLUSIVE (W4)',
      seen: evidence({}, { phase: 'second' }),
      observed: 'OPEN',
      verdict: 'INCONCLUSIVE',
      sentence: /of phase second from vm/,
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
      sentence: /^a:10250 should have answered. It did not: 12 SYNs/,
    },
    {
      name: 'silence is FAIL whatever the backends do: they do not serve it',
      seen: evidence({ open: proof(open, silence) }, { backends: createBackends(0, 0) }),
      observed: 'DROP',
      verdict: 'FAIL',
      sentence: /It did not: 12 SYNs/,
    },
    {
      name: 'silence of everything is INCONCLUSIVE',
      seen: evidence(allSilent),
      observed: 'DROP',
      verdict: 'INCONCLUSIVE',
      sentence: /The path from vm is dead/,
    },
  ]);
});
