/** Every way in which the world is broken, as data, with what a run must make of it. */
import type { Phase } from '../../src/contract/evidence.ts';
import type { Finding, RunOutcome } from '../../src/contract/report.ts';
import type { VerdictKind } from '../../src/contract/verdict.ts';
import type { Spec } from '../e2e/world-runs.ts';
import { nodePort } from './ground.ts';
import type { Moment } from './moments.ts';
import * as strikes from './strikes.ts';
import { blockingRule, type Strike } from './strikes.ts';

export interface Fault {
  /** `in proof of PHASE`: once a SYN of the proof was repeated, a second after it began. */
  readonly from: Moment | `in proof of ${Phase}`;
  /** Default: after undo, so never within the run. */
  readonly until?: Moment;
  readonly strike: Strike;
}

/** What kills the mutant. Nodes are called node-1 and node-2. */
export interface Expected {
  readonly outcome: RunOutcome;
  /** The row of the table that shows it. */
  readonly row: `${Phase} ${string}`;
  readonly verdict: VerdictKind;
  /** Of the row. */
  readonly sentence: RegExp;
  readonly finding?: Pick<Finding, 'about' | 'result'> & { readonly sentence: RegExp };
  /** Of the transition of the row: least time from the change to its effect. */
  readonly tookAtLeastMs?: number;
  /** Of the probe of the row's phase, at least. */
  readonly attempts?: number;
}

export interface Mutation {
  /** Unique; what `--only` looks at. */
  readonly name: string;
  /** What is broken, where and when. */
  readonly breaks: string;
  readonly faults: readonly Fault[];
  /** Parts of the run's spec. */
  readonly spec?: Spec;
  readonly expected: Expected;
}

const node = (index: 1 | 2): string => `node-${index}:${nodePort}`;
const kubelet = (index: 1 | 2): string => `node-${index}:10250`;

const denied = `enforced ${node(1)}` as const;
const control = `enforced ${node(2)}` as const;

/** A deny that never comes is not worth the whole wait; a service takes up to a second to work on every node. */
const impatient: Spec = { probe: { convergenceMs: 2500 } };

const silent = /^node-1:30080 kept silent for \d+ SYNs on 3 connections in 3\.\d s, while node-2:30080 and node-1:10250 answered before, during and after\.$/;
const answered = /^node-1:30080 should have kept silent, but answered all 3 connections, the quickest in /;
const leaks: Expected = { outcome: 'FAIL', row: denied, verdict: 'FAIL', sentence: answered };
const passes: Expected = { outcome: 'PASS', row: denied, verdict: 'PASS', sentence: silent };

/** The dataplane has something else for the policy, from its first second to the end of the proof. */
const policyIs = (strike: Strike): Fault => ({ from: 'before applyPolicy', until: 'after probe enforced', strike });
const whileDenied = (strike: Strike): Fault => ({ from: 'before probe enforced', until: 'after probe enforced', strike });

export const mutations: readonly Mutation[] = [
  {
    name: 'nothing',
    breaks: 'nothing: the control of this test',
    faults: [],
    spec: { secondNode: { when: 'always' } },
    expected: passes,
  },

  // The policy
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
  { name: 'policy selects nobody', breaks: 'the selector matches no host endpoint', faults: [policyIs(strikes.selectsNobody)], spec: impatient, expected: leaks },
  {
    name: 'policy selects both nodes',
    breaks: 'the selector matches every host endpoint',
    faults: [policyIs(strikes.selects('all()'))],
    spec: impatient,
    expected: {
      outcome: 'FAIL',
      row: control,
      verdict: 'FAIL',
      sentence: /^node-2:30080 should have answered, but kept silent for \d+ SYNs on 3 connections in 3\.\d s\.$/,
    },
  },
  {
    name: 'policy without preDNAT',
    breaks: 'the policy comes after DNAT, where nothing is addressed to the NodePort any more; what it does not match is allowed',
    faults: [policyIs(strikes.enforces(({ ingress = [] }) => ({ preDNAT: false, ingress: [...ingress, { action: 'Allow' }] })))],
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
      sentence: /^node-1:10250 should have answered, but kept silent for \d+ SYNs on 3 connections in 3\.\d s\.$/,
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

  // Refusals that look like a deny
  {
    name: 'reject by TCP reset',
    breaks: 'node 1 refuses with a reset instead of silence',
    faults: [policyIs(strikes.both(strikes.selectsNobody, strikes.nodeRefuses('tcp reset')))],
    spec: impatient,
    expected: {
      outcome: 'FAIL',
      row: denied,
      verdict: 'FAIL',
      sentence: /^node-1:30080 should have kept silent, but refused 3 of 3 connections with a TCP reset: whoever dialled learns that somebody is there\.$/,
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
      sentence: /^node-1:30080 should have kept silent, but refused 3 of 3 connections by ICMP \(type 3, code 13\): whoever dialled learns that somebody is there\.$/,
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
      row: `baseline ${node(1)}`,
      verdict: 'FAIL',
      sentence: /^node-1:30080 should have answered, but refused all 3 connections with a TCP reset\.$/,
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
      sentence: /^node-1:30080 showed RST x3, but that proves nothing: node-2:30080 \(before RST, during RST(?: x\d+)?, after RST\) did not answer before, during and after\.$/,
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
      sentence: /^node-2:30080 should have answered every time, but showed (OPEN x\d+ and RST|RST x\d+ and OPEN|RST and OPEN|OPEN and RST)/,
    },
  },
  {
    name: 'backend withdrawn on one node',
    breaks: 'the backend on node 2 is not ready, so that the service does without it',
    faults: [{ from: 'before labelNode', until: 'after probe enforced', strike: strikes.backendUnready(1) }],
    expected: passes,
  },

  // The path
  {
    name: 'security group blocks',
    breaks: "the policy selects nobody, and a rule of the VM's security group keeps everything from node 1's NodePort: silence that is none of Calico's",
    faults: [policyIs(strikes.selectsNobody), whileDenied(strikes.securityGroupBlocks)],
    expected: {
      outcome: 'INCONCLUSIVE',
      row: denied,
      verdict: 'INCONCLUSIVE',
      sentence: new RegExp(`^node-1:30080 kept silent, but that need not be the policy.s doing: .*${blockingRule}`),
      finding: { about: 'securityRules', result: 'CONTRADICTED', sentence: new RegExp(blockingRule) },
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
      sentence: /^node-1:30080 showed DROP x3, but that proves nothing: node-2:30080 \(before OPEN, during .*, after DROP\) and node-1:10250 \(.*\) did not answer before, during and after\.$/,
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
      sentence: /^node-1:30080 showed DROP x3, but that proves nothing: node-2:30080 \(before DROP, during DROP x\d+, after DROP\) and node-1:10250 \(.*\) did not answer before, during and after\.$/,
    },
  },
  {
    name: '5 % loss',
    breaks: '5 % of all packets between the VM and the nodes are lost, either way, from before the deny to after its proof',
    faults: [{ from: 'before labelNode', until: 'after probe enforced', strike: strikes.drops(5) }],
    // Long enough for six SYNs: all of them lost, and an open port would look silent once in a million dials.
    spec: { probe: { timeoutMs: 6000 } },
    expected: {
      ...passes,
      sentence: /^node-1:30080 kept silent for \d+ SYNs on 3 connections in 6\.\d s, while node-2:30080 and node-1:10250 answered before, during and after\.$/,
    },
  },
  {
    name: '5 % loss, and no deny',
    breaks: 'the policy selects nobody, and 5 % of all packets are lost',
    faults: [policyIs(strikes.selectsNobody), { from: 'before labelNode', until: 'after probe enforced', strike: strikes.drops(5) }],
    spec: { probe: { timeoutMs: 6000, convergenceMs: 2500 } },
    expected: leaks,
  },

  // The prober
  {
    name: 'sshd killed in the proof',
    breaks: "a second into the proof the prober's SSH session is reset",
    faults: [{ from: 'in proof of enforced', until: 'after probe enforced', strike: strikes.sshdKilled }],
    expected: { ...passes, attempts: 2 },
  },
];
