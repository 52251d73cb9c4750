import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fillIn, listFaults } from '../../../src/changes/policy/faults.ts';
import { resolveMission } from '../../../src/config/run-spec.ts';
import { createWorkshop } from '../../../src/scenario/workshop.ts';

const deny = { action: 'Deny', protocol: 'TCP', source: { nets: ['10.0.0.1/32'] }, destination: { ports: [30080] } };
const sound = { tier: 'default', selector: 'all()', preDNAT: true, applyOnForward: true, types: ['Ingress'] };
const withRule = (change: object): object => ({ ...sound, ingress: [{ ...deny, ...change }] });

/** By what is wrong: what Calico's API server refuses, and its storage takes. */
const rows: Readonly<Record<string, readonly [spec: object, says: RegExp]>> = {
  'a selector that is none': [{ ...sound, selector: "app = 'x'" }, /^selector cannot be read/],
  'a namespaceSelector that is none': [{ ...sound, namespaceSelector: 'has(' }, /^namespaceSelector cannot be read/],
  "a rule's selector that is none": [withRule({ source: { selector: '(' } }), /^ingress\[0\]\.source\.selector cannot/],
  'ports without a protocol': [withRule({ protocol: undefined }), /ports need the protocol TCP, UDP or SCTP/],
  'ports with ICMP': [withRule({ protocol: 'ICMP' }), /ports need the protocol/],
  'a protocol in lower case': [withRule({ protocol: 'tcp' }), /protocol tcp is not known/],
  'a port beyond 65535': [withRule({ destination: { ports: [70_000] } }), /ports: 70000 is no port/],
  'a range of ports backwards': [withRule({ destination: { ports: ['9:1'] } }), /ports: 9:1 is no port/],
  'a range of addresses beyond 32 bits': [
    withRule({ source: { nets: ['10.240.0.200/99'] } }),
    /10\.240\.0\.200\/99 is no/,
  ],
  'something that is no address': [withRule({ source: { notNets: ['here'] } }), /here is no address range/],
  'an action that is none': [withRule({ action: 'deny' }), /action is deny/],
  'preDNAT without applyOnForward': [{ ...sound, applyOnForward: false }, /need applyOnForward/],
  'doNotTrack without applyOnForward': [{ doNotTrack: true }, /need applyOnForward/],
  'preDNAT and doNotTrack': [{ ...sound, doNotTrack: true }, /exclude each other/],
  'preDNAT with egress rules': [{ ...sound, egress: [{ action: 'Allow' }] }, /no egress rules/],
  'preDNAT with the type Egress': [{ ...sound, types: ['Ingress', 'Egress'] }, /no type Egress/],
  'a type that is none': [{ ...sound, types: ['ingress'] }, /only Ingress and Egress/],
  'a type twice': [{ ...sound, types: ['Ingress', 'Ingress'] }, /each direction once/],
  'a rule that is none': [{ ...sound, ingress: ['all'] }, /^ingress\[0\] is no rule$/],
};

describe('what Calico would refuse in a policy, or Felix would drop without a word, is told', () => {
  for (const [what, [spec, says]] of Object.entries(rows))
    test(what, () => {
      const faults = listFaults(spec);
      assert.ok(
        faults.some((fault) => says.test(fault)),
        faults.join('; '),
      );
    });
});

describe('what Calico takes is not', () => {
  const taken: Readonly<Record<string, object>> = {
    'a policy without rules': sound,
    'protocols by number, and names of ports': withRule({ protocol: 6, destination: { ports: ['http', '80:90', 0] } }),
    'addresses without bits, and of both families': withRule({ source: { nets: ['10.0.0.1', 'fd00::/8'] } }),
    'every protocol without ports': withRule({ protocol: 'UDPLite', destination: {} }),
    'a policy for both directions': { selector: '', types: ['Ingress', 'Egress'], egress: [{ action: 'Pass' }] },
  };
  for (const [what, spec] of Object.entries(taken)) test(what, () => assert.deepEqual(listFaults(spec), []));
  test("the workshop's, before the VM has an address", () => {
    const mission = resolveMission({ subscriptionId: crypto.randomUUID(), resourceGroup: 'g', cluster: 'c' });
    const policies = createWorkshop(mission).phases.flatMap(({ changes }) =>
      changes.filter(({ kind }) => kind === 'policy'),
    );
    assert.equal(policies.length, 1);
    for (const { spec } of policies) assert.deepEqual(listFaults(fillIn(spec as object)), []);
  });
});
