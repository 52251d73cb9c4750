import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubernetesObject } from '../../../lab/kubernetes/api.ts';
import { run } from '../../../lab/process/run.ts';
import { providePrograms } from '../../../lab/tools/programs.ts';
import { apply, calicoObject, calicoPath, openCalico, type TestCalico } from './control-plane.ts';

let calico: TestCalico;
before(async () => {
  calico = await openCalico('oss');
});
after(() => calico?.remove());

const gnp = (spec: object): KubernetesObject =>
  calicoObject('GlobalNetworkPolicy', 'case', { selector: 'all()', ...spec });
const hep = (spec: object): KubernetesObject => calicoObject('HostEndpoint', 'case', spec);
const allow = [{ action: 'Allow' }];

/** Table of `libcalico-go/lib/validator/v3/validator_test.go`: accepted, or refused with this text. */
const cases: readonly {
  readonly id: string;
  readonly what: string;
  readonly object: KubernetesObject;
  readonly refused?: RegExp;
}[] = [
  {
    id: 'VA1',
    what: 'preDNAT with doNotTrack',
    object: gnp({ preDNAT: true, doNotTrack: true, applyOnForward: true }),
    refused: /cannot both be true/,
  },
  { id: 'VA2', what: 'preDNAT with applyOnForward', object: gnp({ preDNAT: true, applyOnForward: true }) },
  { id: 'VA3', what: 'doNotTrack with applyOnForward', object: gnp({ doNotTrack: true, applyOnForward: true }) },
  {
    id: 'VA4',
    what: 'preDNAT with egress rules',
    object: gnp({ preDNAT: true, applyOnForward: true, egress: allow }),
    refused: /cannot have egress rules/,
  },
  {
    id: 'VA5',
    what: 'preDNAT with ingress rules',
    object: gnp({ preDNAT: true, applyOnForward: true, types: ['Ingress'], ingress: allow }),
  },
  {
    id: 'VA6',
    what: 'preDNAT without applyOnForward',
    object: gnp({ preDNAT: true, applyOnForward: false }),
    refused: /require applyOnForward/,
  },
  {
    id: 'VA7',
    what: 'doNotTrack without applyOnForward',
    object: gnp({ doNotTrack: true }),
    refused: /require applyOnForward/,
  },
  {
    id: 'VA8',
    what: 'preDNAT with type Egress',
    object: gnp({ preDNAT: true, applyOnForward: true, types: ['Egress'] }),
    refused: /cannot have 'Egress'/,
  },
  {
    id: 'VA8',
    what: 'preDNAT with both types',
    object: gnp({ preDNAT: true, applyOnForward: true, types: ['Ingress', 'Egress'] }),
    refused: /cannot have 'Egress'/,
  },
  { id: 'VA9', what: 'a host endpoint of all interfaces', object: hep({ node: 'n', interfaceName: '*' }) },
  {
    id: 'VA10',
    what: 'a host endpoint without node',
    object: hep({ interfaceName: 'eth0' }),
    refused: /node must be specified/,
  },
  {
    id: 'VA10',
    what: 'a host endpoint with neither interface nor addresses',
    object: hep({ node: 'n' }),
    refused: /interfaceName or expectedIPs/,
  },
  {
    id: 'hep',
    what: 'a host endpoint with an interface name longer than a kernel has',
    object: hep({ node: 'n', interfaceName: 'sixteen-letters-' }),
    refused: /Too long: may not be more than 15/,
  },
  { id: 'VA10', what: 'a host endpoint with addresses only', object: hep({ node: 'n', expectedIPs: ['10.0.0.1'] }) },
  {
    id: 'VA11',
    what: 'an unknown createDefaultHostEndpoint',
    object: calicoObject('KubeControllersConfiguration', 'case', {
      controllers: { node: { hostEndpoint: { createDefaultHostEndpoint: 'Maybe' } } },
    }),
    refused: /createDefaultHostEndpoint/,
  },
  {
    id: 'rule',
    what: 'ports without protocol, which Felix then leaves out,',
    object: gnp({ ingress: [{ action: 'Deny', destination: { ports: [80] } }] }),
  },
  {
    id: 'rule',
    what: 'a port and a range',
    object: gnp({ ingress: [{ action: 'Deny', protocol: 'TCP', destination: { ports: [80, '100:200'] } }] }),
  },
  {
    id: 'rule',
    what: 'a named port',
    object: gnp({ ingress: [{ action: 'Deny', protocol: 'TCP', destination: { ports: ['http'] } }] }),
    refused: /ports/,
  },
  {
    id: 'rule',
    what: 'http, which the stand-in does not know',
    object: gnp({ ingress: [{ action: 'Deny', http: { methods: ['GET'] } }] }),
    refused: /stand-in/,
  },
  { id: 'rule', what: 'no action', object: gnp({ ingress: [{}] }), refused: /action is required/ },
  {
    id: 'tier',
    what: 'tier default with another default action',
    object: calicoObject('Tier', 'default', { defaultAction: 'Pass' }),
    refused: /default action 'Deny'/,
  },
];

for (const { id, what, object, refused } of cases) {
  test(`${id}: ${what} is ${refused ? 'refused' : 'accepted'}`, async () => {
    const kinds: Record<string, string> = {
      GlobalNetworkPolicy: 'globalnetworkpolicies',
      HostEndpoint: 'hostendpoints',
      Tier: 'tiers',
      KubeControllersConfiguration: 'kubecontrollersconfigurations',
    };
    const created = calico.controlPlane.api.call('POST', `${calicoPath(kinds[object.kind] ?? '')}?dryRun=All`, object);
    if (refused === undefined) await created;
    else await assert.rejects(created, { status: 422, message: refused });
  });
}

test('open-source Calico prunes flowLogsEnableHostEndpoint; Calico Cloud keeps it', async () => {
  const field = { spec: { flowLogsEnableHostEndpoint: true, flowLogsFlushInterval: '15s' } };
  const patched = async ({ controlPlane: { api } }: TestCalico): Promise<unknown> => {
    await api.call('PATCH', calicoPath('felixconfigurations', 'default'), field);
    const { spec } = await api.call<{ spec: Record<string, unknown> }>(
      'GET',
      calicoPath('felixconfigurations', 'default'),
    );
    return [spec['flowLogsEnableHostEndpoint'], spec['flowLogsFlushInterval']];
  };
  const cloud = await openCalico('cloud');
  try {
    assert.deepEqual(await patched(calico), [undefined, '15s']);
    assert.deepEqual(await patched(cloud), [true, '15s']);
    assert.equal(
      (await cloud.controlPlane.api.call<KubernetesObject>('GET', calicoPath('tiers', 'security'))).metadata.name,
      'security',
    );
  } finally {
    await cloud.remove();
  }
});

test('kubectl knows the short names and shows what Calico shows', async () => {
  const { kubectl } = await providePrograms(['kubectl']);
  const { api, adminKubeconfigFile } = calico.controlPlane;
  await apply(api, hep({ node: 'node-0', interfaceName: 'eth0' }));
  const get = (...what: readonly string[]): Promise<string> =>
    run([kubectl, '--kubeconfig', adminKubeconfigFile, 'get', ...what]);
  assert.match(await get('heps'), /^NAME +NODE +INTERFACE *\ncase +node-0 +eth0 *\n$/);
  for (const name of ['hep', 'gnp', 'kcc', 'kccs', 'tiers', 'networkpolicies.projectcalico.org', 'clusterinformations'])
    await get(name);
  assert.match(await get('clusterinformation', 'default', '-o', 'yaml'), /calicoVersion: v3\.32\.1/);
});
