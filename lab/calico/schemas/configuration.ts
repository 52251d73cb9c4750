import {
  boolean,
  integer,
  integerOrString,
  listOf,
  mapOf,
  object,
  oneOf,
  port,
  type Schema,
  string,
} from './schema.ts';

const switched = oneOf('Enabled', 'Disabled');
const reconciled = object({ reconcilerPeriod: string });

const kubeControllers = object({
  controllers: object({
    node: object({
      hostEndpoint: object({ autoCreate: switched, createDefaultHostEndpoint: switched }),
      leakGracePeriod: string,
      reconcilerPeriod: string,
      syncLabels: switched,
    }),
    namespace: reconciled,
    policy: reconciled,
    serviceAccount: reconciled,
    workloadEndpoint: reconciled,
  }),
  debugProfilePort: port,
  etcdV3CompactionPeriod: string,
  healthChecks: switched,
  logSeverityScreen: oneOf('None', 'Debug', 'Info', 'Warning', 'Error', 'Fatal', 'Panic'),
  prometheusMetricsPort: port,
});

export const kubeControllersConfiguration: { readonly spec: Schema; readonly status: Schema } = {
  spec: kubeControllers,
  status: object({ runningConfig: kubeControllers, environmentVars: mapOf(string) }),
};

const protoPorts = listOf({ ...object({ protocol: string, port, net: string }), required: ['port'] });

/** Fields of FelixConfiguration that the lab has a use for; of flow logs, all that open-source Calico has. */
const felix = {
  bpfEnabled: boolean,
  defaultEndpointToHostAction: { type: 'string', pattern: '^(?i)(Drop|Accept|Return)?$' },
  failsafeInboundHostPorts: protoPorts,
  failsafeOutboundHostPorts: protoPorts,
  floatingIPs: switched,
  flowLogsCollectorDebugTrace: boolean,
  flowLogsFlushInterval: string,
  flowLogsGoldmaneServer: string,
  flowLogsLocalReporter: switched,
  flowLogsPolicyEvaluationMode: oneOf('None', 'Continuous'),
  healthEnabled: boolean,
  healthPort: port,
  interfacePrefix: string,
  iptablesFilterDenyAction: { type: 'string', pattern: '^(?i)(Drop|Reject)?$' },
  logSeverityScreen: string,
  natPortRange: integerOrString('^.*$'),
  prometheusMetricsEnabled: boolean,
  reportingInterval: string,
  routeTableRanges: listOf(object({ min: integer, max: integer })),
  vxlanVNI: integer,
} as const;

/** Only Calico Enterprise and Cloud know flow logs of host endpoints; open-source Calico prunes the field. */
export const felixConfiguration: Readonly<Record<'oss' | 'cloud', Schema>> = {
  oss: object(felix),
  cloud: object({
    ...felix,
    flowLogsEnableHostEndpoint: boolean,
    flowLogsEnableNetworkSets: boolean,
    flowLogsFileEnabled: boolean,
  }),
};
