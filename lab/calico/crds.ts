import type { KubernetesObject } from '../kubernetes/api.ts';
import type { LabScope } from '../scope.ts';
import { group, version } from './objects.ts';
import { felixConfiguration, kubeControllersConfiguration } from './schemas/configuration.ts';
import { globalNetworkPolicy, networkPolicy, profile } from './schemas/policy.ts';
import {
  boolean,
  integer,
  listOf,
  must,
  number,
  object,
  oneOf,
  type Schema,
  string,
  type Validation,
} from './schemas/schema.ts';

export { listSeedObjects } from './seed.ts';

/** `oss` prunes `flowLogsEnableHostEndpoint` of FelixConfiguration; `cloud` keeps it. */
export type Flavour = LabScope['calico'];

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

/** CustomResourceDefinitions of `projectcalico.org/v3`, as Calico serves them natively since v3.32, for the kinds that the lab has a use for. */
export function listCrds(flavour: Flavour): readonly KubernetesObject[] {
  return [
    ...kinds,
    { kind: 'FelixConfiguration', plural: 'felixconfigurations', spec: felixConfiguration[flavour] },
  ].map(createDefinition);
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
    spec: object(
      {
        node: string,
        interfaceName: string,
        expectedIPs: { ...listOf(string), 'x-kubernetes-list-type': 'set' },
        profiles: { ...listOf(string), 'x-kubernetes-list-type': 'set' },
        ports: listOf({
          ...object({ name: string, port: integer, protocol: string }),
          required: ['name', 'port', 'protocol'],
        }),
      },
      must('node must be specified', 'has(self.node) && size(self.node) > 0'),
      must(
        'at least one of interfaceName or expectedIPs must be specified',
        '(has(self.interfaceName) && size(self.interfaceName) > 0) || (has(self.expectedIPs) && size(self.expectedIPs) > 0)',
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
    spec: object({ order: number, defaultAction: { ...oneOf('Pass', 'Deny'), default: 'Deny' } }),
    validations: [
      must(
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
    spec: object({
      clusterGUID: string,
      clusterType: string,
      calicoVersion: string,
      cnxVersion: string,
      datastoreReady: boolean,
      variant: string,
    }),
  },
];

function createDefinition({
  kind,
  plural,
  shortNames = [],
  namespaced = false,
  spec,
  status,
  validations = [],
  columns = [],
}: Kind): KubernetesObject {
  const root = object(
    { apiVersion: string, kind: string, metadata: { type: 'object' }, spec, ...(status !== undefined && { status }) },
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
          ...(status !== undefined && { subresources: { status: {} } }),
          ...(columns.length > 0 && { additionalPrinterColumns: columns }),
        },
      ],
    },
  };
}
