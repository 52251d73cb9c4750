/** A workload, a path or a prober that fails, beside a deny or without one; and nothing broken at all. */
import { control, denied, impatient, leaks, type Mutation, passes, policyIs, port, whileDenied } from './mutation.ts';
import * as strikes from './strikes.ts';
import { blockingRule } from './strikes.ts';

const watched = { about: 'observer', result: 'CONFIRMED', sentence: /saw .* fall silent and stay silent/ } as const;

export const mutationsOfWorld: readonly Mutation[] = [
  {
    name: 'nothing',
    breaks: 'the control of this test',
    faults: [],
    spec: { secondNode: { when: 'always' } },
    expected: {
      ...passes,
      findings: [
        watched,
        { about: 'heldConnection', result: 'CONFIRMED', sentence: /./ },
        { about: 'backendBehindDeny', result: 'CONFIRMED', sentence: /through node-2:30080/ },
        { about: 'deniedPackets', result: 'CONFIRMED', sentence: /counted \d+ packets denied by the policy/ },
      ],
    },
  },

  // The workload
  {
    name: 'no listener',
    breaks: 'the service points at a port where no pod listens, from the start',
    faults: [{ from: 'after exposeNodePort', until: 'before undo', strike: strikes.nobodyListens }],
    spec: impatient,
    expected: {
      outcome: 'ERROR',
      row: `baseline ${port(1)}`,
      verdict: 'FAIL',
      sentence: /^node-1:30080 should have answered\. It refused all 3 connections with a TCP reset\.$/,
    },
  },
  {
    name: 'no listener, and no deny',
    breaks: 'the policy selects nobody, and the service points at a port where no pod listens: refused, as if blocked',
    faults: [policyIs(strikes.selectsNobody), whileDenied(strikes.nobodyListens)],
    spec: impatient,
    expected: {
      outcome: 'FAIL',
      row: denied,
      verdict: 'INCONCLUSIVE',
      sentence:
        /^node-1:30080 showed RST x3, but that proves nothing: node-2:30080 \(before RST, during RST(?: x\d+)?, after RST\) did not answer before, during and after\.$/,
    },
  },
  {
    name: 'backend dead on one node',
    breaks: 'the backend on node 2 answers its kubelet and nobody else, so that it stays among the endpoints',
    faults: [whileDenied(strikes.backendDead(1))],
    spec: { probe: { convergenceMs: 2500, connections: 16 } },
    expected: {
      outcome: 'FAIL',
      row: control,
      verdict: 'FAIL',
      sentence:
        /^node-2:30080 should have answered every time\. It showed (OPEN x\d+ and RST|RST x\d+ and OPEN|RST and OPEN|OPEN and RST)/,
    },
  },
  {
    name: 'backend withdrawn on one node',
    breaks: 'the backend on node 1 is not ready, so that the service does without it',
    faults: [{ from: 'before labelNode', until: 'after probe enforced', strike: strikes.backendUnready(0) }],
    expected: { ...passes, findings: [{ about: 'backendBehindDeny', result: 'UNKNOWN', sentence: /./ }] },
  },

  // The path
  {
    name: 'security group blocks',
    breaks:
      "the policy selects nobody, and a rule of the VM's security group keeps everything from node 1's NodePort: silence that is none of Calico's",
    faults: [policyIs(strikes.selectsNobody), whileDenied(strikes.securityGroupBlocks)],
    expected: {
      outcome: 'INCONCLUSIVE',
      row: denied,
      verdict: 'INCONCLUSIVE',
      sentence: new RegExp(`^node-1:30080 did not answer, but the policy need not be the cause: .*${blockingRule}`),
      findings: [{ about: 'securityRules', result: 'CONTRADICTED', sentence: new RegExp(blockingRule) }],
    },
  },
  {
    name: 'peering breaks in the proof',
    breaks: "a second into the proof the cluster's side of the peering is deleted",
    faults: [{ from: 'in proof of enforced', strike: strikes.peeringBreaks }],
    spec: impatient,
    expected: {
      outcome: 'INCONCLUSIVE',
      row: denied,
      verdict: 'INCONCLUSIVE',
      findings: [
        {
          about: 'peerings',
          result: 'CONTRADICTED',
          sentence: /^Both sides of the peering blocked the way \(.* is (Disconnected|absent)/,
        },
      ],
      // A peering that breaks after the last control answered is found by the witness alone.
      sentence:
        /^node-1:30080 (showed DROP x3, but that proves nothing: node-2:30080 \(before OPEN, during .*, after DROP\) and node-1:10250 \(.*\) did not answer before, during and after\.$|did not answer, but the policy need not be the cause: Both sides of the peering blocked the way)/,
    },
  },
  {
    name: 'dead path',
    breaks: 'nothing passes between the VM and the nodes while the deny is proved',
    faults: [whileDenied(strikes.drops(100))],
    spec: impatient,
    expected: {
      outcome: 'INCONCLUSIVE',
      row: denied,
      verdict: 'INCONCLUSIVE',
      sentence:
        /^node-1:30080 showed DROP x3, but that proves nothing: node-2:30080 \(before DROP, during DROP x\d+, after DROP\) and node-1:10250 \(.*\) did not answer before, during and after\.$/,
    },
  },
  {
    name: '5 % loss',
    breaks:
      '5 % of all packets between the VM and the nodes are lost, either way, from before the deny to after its proof',
    faults: [{ from: 'before labelNode', until: 'after probe enforced', strike: strikes.drops(5) }],
    // Long enough for six SYNs: all of them lost, and an open port would look silent once in a million dials.
    spec: { probe: { timeoutMs: 6000 } },
    expected: {
      ...passes,
      findings: [watched],
      sentence:
        /^node-1:30080 did not answer: \d+ SYNs on 3 connections in 6\.\d s\. node-2:30080 and node-1:10250 answered before, during and after\.$/,
    },
  },
  {
    name: '5 % loss, and no deny',
    breaks: 'the policy selects nobody, and 5 % of all packets are lost',
    faults: [
      policyIs(strikes.selectsNobody),
      { from: 'before labelNode', until: 'after probe enforced', strike: strikes.drops(5) },
    ],
    spec: { probe: { timeoutMs: 6000, convergenceMs: 2500 } },
    expected: leaks,
  },

  // The prober
  {
    name: 'sshd killed in the proof',
    breaks: "a second into the proof the prober's SSH session is reset",
    faults: [{ from: 'in proof of enforced', until: 'after probe enforced', strike: strikes.sshdKilled }],
    expected: { ...passes, attempts: 2, findings: [watched] },
  },
];
