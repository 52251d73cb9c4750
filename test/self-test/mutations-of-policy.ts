/** Denies that are none, too wide, late, unsteady, or no silence. */
import { nodePort } from './ground.ts';
import {
  control,
  denied,
  impatient,
  kubelet,
  leaks,
  type Mutation,
  passes,
  policyIs,
  port,
  whileDenied,
} from './mutation.ts';
import * as strikes from './strikes.ts';

const notByPolicy =
  /^node-1:30080 did not answer, but the policy need not be the cause: node-1 counted no packet denied by the policy/;

export const mutationsOfPolicy: readonly Mutation[] = [
  {
    name: 'wrong port',
    breaks: 'the Deny names the next port',
    faults: [policyIs(strikes.denies((rule) => ({ ...rule, destination: { ports: [nodePort + 1] } })))],
    spec: impatient,
    expected: leaks,
  },
  {
    name: 'wrong source',
    breaks: 'the Deny names the address next to the VM',
    faults: [policyIs(strikes.denies((rule) => ({ ...rule, source: { nets: ['192.168.1.250/32'] } })))],
    spec: impatient,
    expected: leaks,
  },
  {
    name: 'policy selects nobody',
    breaks: 'the selector matches no host endpoint',
    faults: [policyIs(strikes.selectsNobody)],
    spec: impatient,
    expected: leaks,
  },
  {
    name: 'policy selects both nodes',
    breaks: 'the selector matches every host endpoint',
    faults: [policyIs(strikes.selects('all()'))],
    spec: impatient,
    expected: {
      outcome: 'FAIL',
      row: control,
      verdict: 'FAIL',
      sentence: /^node-2:30080 should have answered\. It did not: \d+ SYNs on 3 connections in 3\.\d s\.$/,
    },
  },
  {
    name: 'policy without preDNAT',
    breaks:
      'the policy comes after DNAT, where nothing is addressed to the NodePort any more; what it does not match is allowed',
    faults: [
      policyIs(
        strikes.enforces(({ ingress = [] }) => ({ preDNAT: false, ingress: [...ingress, { action: 'Allow' }] })),
      ),
    ],
    spec: impatient,
    expected: leaks,
  },
  {
    name: 'policy without preDNAT, closing the node',
    breaks: 'the policy comes after DNAT, and with it the default deny of its tier: silence for a wrong reason',
    faults: [policyIs(strikes.enforces(() => ({ preDNAT: false })))],
    spec: impatient,
    expected: {
      outcome: 'FAIL',
      row: `enforced ${kubelet(1)}`,
      verdict: 'FAIL',
      sentence: /^node-1:10250 should have answered\. It did not: \d+ SYNs on 3 connections in 3\.\d s\.$/,
    },
  },
  {
    name: 'Allow instead of Deny',
    breaks: 'the rule against the VM allows it',
    faults: [policyIs(strikes.denies((rule) => ({ ...rule, action: 'Allow' })))],
    spec: impatient,
    expected: leaks,
  },
  {
    name: 'label on the wrong node',
    breaks: 'the label of node 1 stands on node 2 instead',
    faults: [{ from: 'before applyPolicy', until: 'after probe enforced', strike: strikes.labelOnWrongNode }],
    spec: impatient,
    expected: leaks,
  },
  {
    name: 'policy 2 s late',
    breaks: 'Felix programs the policy 2 s after it was accepted',
    faults: [{ from: 'before applyPolicy', until: 'after probe enforced', strike: strikes.felixLate(2000) }],
    expected: { ...passes, tookAtLeastMs: 1950 },
  },
  {
    name: "a stranger's selector is rewritten",
    breaks:
      'somebody rewrites the selector of a policy of his own, which selects the same as before, and by a bug of ' +
      "Felix's no policy of the automatic host endpoints is in force any more",
    faults: [whileDenied(strikes.strangersSelectorIsRewritten)],
    spec: impatient,
    expected: leaks,
  },
  {
    name: 'flapping rule, in the proof',
    breaks: 'a second into the proof the deny goes off, lets the proof in, and goes on again',
    faults: [{ from: 'in proof of enforced', until: 'after probe enforced', strike: strikes.offInProof }],
    expected: leaks,
  },
  {
    name: 'flapping rule, before the proof',
    breaks: 'the deny goes off and on again between the first silence and a proof that is wholly silent',
    faults: [whileDenied(strikes.flaps)],
    expected: { outcome: 'FAIL', row: denied, verdict: 'FAIL', sentence: /leak|got through|let .* through/ },
  },

  // Silence and refusals that look like the deny
  {
    name: 'dropped by another',
    breaks:
      'the policy selects nobody, and somebody else on node 1 drops what comes for the NodePort, since before the policy',
    faults: [
      policyIs(strikes.selectsNobody),
      { from: 'after labelNode', until: 'after probe enforced', strike: strikes.droppedByAnother },
    ],
    expected: {
      outcome: 'INCONCLUSIVE',
      row: denied,
      verdict: 'INCONCLUSIVE',
      sentence: notByPolicy,
      findings: [
        { about: 'observer', result: 'CONTRADICTED', sentence: /saw node-1:30080 silent before / },
        { about: 'deniedPackets', result: 'CONTRADICTED', sentence: /counted no packet/ },
      ],
    },
  },
  {
    name: 'another takes over',
    breaks:
      'while node 2 is labelled the policy lets go of node 1, and somebody else drops there: node 1 is as silent as before, but its counter stands still',
    faults: [{ from: 'after probe enforced', until: 'before undo', strike: strikes.anotherTakesOver }],
    spec: { secondNode: { when: 'always' } },
    expected: {
      outcome: 'INCONCLUSIVE',
      row: `second ${port(1)}`,
      verdict: 'INCONCLUSIVE',
      sentence: notByPolicy,
      findings: [{ about: 'deniedPackets', result: 'CONTRADICTED', sentence: /counted no packet/ }],
    },
  },
  {
    name: 'reject by TCP reset',
    breaks: 'node 1 refuses with a reset instead of silence',
    faults: [policyIs(strikes.both(strikes.selectsNobody, strikes.nodeRefuses('tcp reset')))],
    spec: impatient,
    expected: {
      outcome: 'FAIL',
      row: denied,
      verdict: 'FAIL',
      sentence:
        /^node-1:30080 should not have answered\. It refused 3 of 3 connections with a TCP reset, so whoever dials learns that a host is there\.$/,
    },
  },
  {
    name: 'reject by ICMP',
    breaks: 'node 1 refuses by ICMP, administratively prohibited, instead of silence',
    faults: [policyIs(strikes.both(strikes.selectsNobody, strikes.nodeRefuses('icmp type admin-prohibited')))],
    spec: impatient,
    expected: {
      outcome: 'FAIL',
      row: denied,
      verdict: 'FAIL',
      // Kernels limit how often they refuse by ICMP, so that the observer may leave nothing for the proof.
      sentence:
        /^node-1:30080 (should not have answered\. It refused \d of 3 connections by ICMP \(type 3, code 13\)|did not answer, but refused \d+ of \d+ connections of the observer by ICMP), so whoever dials learns that a host is there\.$/,
    },
  },
];
