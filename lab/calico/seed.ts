import type { KubernetesObject } from '../kubernetes/api.ts';
import type { LabScope } from '../scope.ts';
import { apiVersion, type RunningConfig } from './objects.ts';

/**
 * Calico's cluster-wide objects as an installation on AKS leaves them: no automatic host endpoints, and in `cloud` the
 * workshop's tier `security`.
 */
export function listSeedObjects(flavour: LabScope['calico']): readonly KubernetesObject[] {
  const versions =
    flavour === 'oss'
      ? { calicoVersion: 'v3.32.1', variant: 'Calico' }
      : { calicoVersion: 'v3.30.4', cnxVersion: 'v3.22.1', variant: 'CalicoEnterprise' };
  return [
    createObject('ClusterInformation', 'default', {
      clusterGUID: '5f0c1a52d9e74f6c8f1b0a7c3d2e4b61',
      clusterType: 'typha,kdd,k8s,operator,aks',
      datastoreReady: true,
      ...versions,
    }),
    createObject('Tier', 'default', { order: 1_000_000, defaultAction: 'Deny' }),
    ...(flavour === 'cloud' ? [createObject('Tier', 'security', { order: 300, defaultAction: 'Deny' })] : []),
    createObject('Profile', 'projectcalico-default-allow', {
      ingress: [{ action: 'Allow' }],
      egress: [{ action: 'Allow' }],
    }),
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

const createObject = (kind: string, name: string, spec: object): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name },
  spec,
});

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
