import type { KubernetesObject } from '../kubernetes/api.ts';
import { type CalicoApi, type Flavour, flavours } from './flavours.ts';
import { felixConfiguration, kubeControllersConfiguration } from './schemas/configuration.ts';
import { globalNetworkPolicy, networkPolicy, profile } from './schemas/policy.ts';
import { type Schema, schema, type Validation } from './schemas/schema.ts';

export type { Flavour } from './flavours.ts';
export { listSeedObjects } from './seed.ts';

import { hasProfiles } from './seed.ts';

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly namespaced?: boolean;
  readonly spec: Schema;
  /** Served as a subresource. */
  readonly status?: Schema;
  readonly validations?: readonly Validation[];
  readonly columns?: readonly {
    readonly name: string;
    readonly jsonPath: string;
    readonly type: 'string' | 'number';
  }[];
}

/**
 * CustomResourceDefinitions for the kinds that the lab needs: of `projectcalico.org/v3`, as Calico serves them natively
 * since v3.32, or of Calico's storage, which has the same specs, no short names and no profiles.
 */
export function listCrds(flavour: Flavour): readonly KubernetesObject[] {
  const { api, hasStatus } = flavours[flavour];
  const felix = felixConfiguration[flavour === 'cloud' ? 'cloud' : 'oss'];
  return [...kinds, { kind: 'FelixConfiguration', plural: 'felixconfigurations', spec: felix }]
    .filter(({ kind }) => kind !== 'Profile' || hasProfiles(flavour))
    .map((kind) => (api.version === 'v3' ? kind : { ...kind, shortNames: [] }))
    .map((kind) => createDefinition(kind, api, hasStatus));
}

const tierColumn = { name: 'Tier', jsonPath: '.spec.tier', type: 'string' } as const;
const orderColumn = { name: 'Order', jsonPath: '.spec.order', type: 'number' } as const;

const kinds: readonly Kind[] = [
  {
    kind: 'HostEndpoint',
    plural: 'hostendpoints',
    shortNames: ['hep', 'heps'],
    columns: [
      { name: 'Node', jsonPath: '.spec.node', type: 'string' },
      { name: 'Interface', jsonPath: '.spec.interfaceName', type: 'string' },
    ],
    spec: schema.object(
      {
        node: schema.string,
        interfaceName: { ...schema.string, maxLength: 15 },
        expectedIPs: { ...schema.list(schema.string), 'x-kubernetes-list-type': 'set' },
        profiles: { ...schema.list(schema.string), 'x-kubernetes-list-type': 'set' },
        ports: schema.list({
          ...schema.object({ name: schema.string, port: schema.integer, protocol: schema.string }),
          required: ['name', 'port', 'protocol'],
        }),
      },
      schema.must('node must be specified', 'has(self.node) && size(self.node) > 0'),
      schema.must(
        'at least one of interfaceName or expectedIPs must be specified',
        ['interfaceName', 'expectedIPs'].map((field) => `(has(self.${field}) && size(self.${field}) > 0)`).join(' || '),
      ),
    ),
  },
  {
    kind: 'GlobalNetworkPolicy',
    plural: 'globalnetworkpolicies',
    shortNames: ['gnp'],
    columns: [tierColumn, orderColumn],
    spec: globalNetworkPolicy,
  },
  {
    kind: 'NetworkPolicy',
    plural: 'networkpolicies',
    namespaced: true,
    columns: [tierColumn, orderColumn],
    spec: networkPolicy,
  },
  {
    kind: 'Tier',
    plural: 'tiers',
    columns: [orderColumn, { name: 'DefaultAction', jsonPath: '.spec.defaultAction', type: 'string' }],
    spec: schema.object({
      order: schema.number,
      defaultAction: { ...schema.enumeration('Pass', 'Deny'), default: 'Deny' },
    }),
    validations: [
      schema.must(
        "The 'default' tier must have default action 'Deny'",
        "self.metadata.name != 'default' || self.spec.defaultAction == 'Deny'",
      ),
    ],
  },
  { kind: 'Profile', plural: 'profiles', spec: profile },
  {
    kind: 'KubeControllersConfiguration',
    plural: 'kubecontrollersconfigurations',
    shortNames: ['kcc', 'kccs'],
    ...kubeControllersConfiguration,
  },
  {
    kind: 'ClusterInformation',
    plural: 'clusterinformations',
    spec: schema.object({
      clusterGUID: schema.string,
      clusterType: schema.string,
      calicoVersion: schema.string,
      cnxVersion: schema.string,
      datastoreReady: schema.boolean,
      variant: schema.string,
    }),
  },
];

function createDefinition(
  { kind, plural, shortNames = [], namespaced = false, spec, status, validations = [], columns = [] }: Kind,
  { group, version }: CalicoApi,
  hasStatus: boolean,
): KubernetesObject {
  const root = schema.object(
    {
      apiVersion: schema.string,
      kind: schema.string,
      metadata: { type: 'object' },
      spec,
      ...(status !== undefined && { status }),
    },
    ...validations,
  );
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), shortNames },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { ...root, required: ['metadata', 'spec'] } },
          ...(status !== undefined && hasStatus && { subresources: { status: {} } }),
          ...(columns.length > 0 && { additionalPrinterColumns: columns }),
        },
      ],
    },
  };
}
