import type { KubernetesObject } from '../kubernetes/api.ts';
import { type Flavour, flavours } from './flavours.ts';
import type { RunningConfig } from './objects.ts';

/**
 * Calico's cluster-wide objects as an installation on AKS leaves them: no automatic host endpoints, and in `cloud` the
 * workshop's tier `security`.
 */
export function listSeedObjects(flavour: Flavour): readonly KubernetesObject[] {
  const { versions, api } = flavours[flavour];
  const createObject = (kind: string, name: string, spec: object): KubernetesObject => ({
    apiVersion: `${api.group}/${api.version}`,
    kind,
    metadata: { name },
    spec,
  });
  return [
    createObject('ClusterInformation', 'default', {
      clusterGUID: '5f0c1a52d9e74f6c8f1b0a7c3d2e4b61',
      clusterType: 'typha,kdd,k8s,operator,aks',
      datastoreReady: true,
      ...versions,
    }),
    createObject('Tier', 'default', { order: 1_000_000, defaultAction: 'Deny' }),
    ...(flavour === 'cloud' ? [createObject('Tier', 'security', { order: 300, defaultAction: 'Deny' })] : []),
    ...(hasProfiles(flavour)
      ? [
          createObject('Profile', 'projectcalico-default-allow', {
            ingress: [{ action: 'Allow' }],
            egress: [{ action: 'Allow' }],
          }),
        ]
      : []),
    createObject('KubeControllersConfiguration', 'default', kubeControllers),
    createObject('FelixConfiguration', 'default', {
      floatingIPs: 'Disabled',
      healthPort: 9099,
      logSeverityScreen: 'Info',
      reportingInterval: '0s',
      vxlanVNI: 4096,
    }),
  ];
}

/** Calico's storage has none: Felix knows this one by itself. */
export const hasProfiles = (flavour: Flavour): boolean => flavours[flavour].api.version === 'v3';

const reconcilerPeriod = '5m0s';
const kubeControllers: RunningConfig = {
  controllers: {
    namespace: { reconcilerPeriod },
    node: {
      hostEndpoint: { autoCreate: 'Disabled', createDefaultHostEndpoint: 'Enabled' },
      leakGracePeriod: '15m0s',
      reconcilerPeriod,
      syncLabels: 'Enabled',
    },
    policy: { reconcilerPeriod },
    serviceAccount: { reconcilerPeriod },
    workloadEndpoint: { reconcilerPeriod },
  } as NonNullable<RunningConfig['controllers']>,
  etcdV3CompactionPeriod: '10m0s',
  healthChecks: 'Enabled',
  logSeverityScreen: 'Info',
  prometheusMetricsPort: 9094,
};
