import { type Schema, schema } from './schema.ts';

const switched = schema.enumeration('Enabled', 'Disabled');
const reconciled = schema.object({ reconcilerPeriod: schema.string });

const kubeControllers = schema.object({
  controllers: schema.object({
    node: schema.object({
      hostEndpoint: schema.object({ autoCreate: switched, createDefaultHostEndpoint: switched }),
      leakGracePeriod: schema.string,
      reconcilerPeriod: schema.string,
      syncLabels: switched,
    }),
    namespace: reconciled,
    policy: reconciled,
    serviceAccount: reconciled,
    workloadEndpoint: reconciled,
  }),
  debugProfilePort: schema.port,
  etcdV3CompactionPeriod: schema.string,
  healthChecks: switched,
  logSeverityScreen: schema.enumeration('None', 'Debug', 'Info', 'Warning', 'Error', 'Fatal', 'Panic'),
  prometheusMetricsPort: schema.port,
});

export const kubeControllersConfiguration: { readonly spec: Schema; readonly status: Schema } = {
  spec: kubeControllers,
  status: schema.object({ runningConfig: kubeControllers, environmentVars: schema.map(schema.string) }),
};

const protoPorts = schema.list({
  ...schema.object({ protocol: schema.string, port: schema.port, net: schema.string }),
  required: ['port'],
});

/** Fields of FelixConfiguration that the lab needs; of flow logs, all that open-source Calico has. */
const felix = {
  bpfEnabled: schema.boolean,
  defaultEndpointToHostAction: { type: 'string', pattern: '^(?i)(Drop|Accept|Return)?$' },
  failsafeInboundHostPorts: protoPorts,
  failsafeOutboundHostPorts: protoPorts,
  floatingIPs: switched,
  flowLogsCollectorDebugTrace: schema.boolean,
  flowLogsFlushInterval: schema.string,
  flowLogsGoldmaneServer: schema.string,
  flowLogsLocalReporter: switched,
  flowLogsPolicyEvaluationMode: schema.enumeration('None', 'Continuous'),
  healthEnabled: schema.boolean,
  healthPort: schema.port,
  interfacePrefix: schema.string,
  iptablesFilterDenyAction: { type: 'string', pattern: '^(?i)(Drop|Reject)?$' },
  logSeverityScreen: schema.string,
  natPortRange: schema.integerOrString('^.*$'),
  prometheusMetricsEnabled: schema.boolean,
  reportingInterval: schema.string,
  routeTableRanges: schema.list(schema.object({ min: schema.integer, max: schema.integer })),
  vxlanVNI: schema.integer,
} as const;

/** Only Calico Enterprise and Cloud know flow logs of host endpoints; open-source Calico prunes the field. */
export const felixConfiguration: Readonly<Record<'oss' | 'cloud', Schema>> = {
  oss: schema.object(felix),
  cloud: schema.object({
    ...felix,
    flowLogsEnableHostEndpoint: schema.boolean,
    flowLogsEnableNetworkSets: schema.boolean,
    flowLogsFileEnabled: schema.boolean,
  }),
};
