import type { Cluster } from '../../adapters/kubernetes/index.ts';
import {
  calicoGroup,
  calicoVersion,
  clusterInformations,
  type FailsafePort,
  type FelixConfiguration,
  felixConfigurations,
  type GlobalNetworkPolicy,
  globalNetworkPolicies,
  type KubeControllersConfiguration,
  kubeControllersConfigurations,
  tiers,
} from '../../adapters/kubernetes/resources.ts';
import type { Problem } from '../../contract/failures.ts';
import type { Mission } from '../../contract/mission.ts';
import type { CalicoSite } from '../../contract/site.ts';
import { isPolicyNamed } from '../../manifests/kubernetes.ts';
import { isOf } from '../../manifests/kubernetes-marks.ts';
import { policyName } from '../../manifests/names.ts';
import { foreignMark } from './foreign-mark.ts';
import { type Findings, foundIn, isMissing, look, problem } from './look.ts';

export interface CalicoFindings extends Findings {
  readonly calico?: CalicoSite;
}

/** Calico can be asked for host endpoints and the policy: API, configuration, tier and name. */
export async function inspectCalico(cluster: Cluster, mission: Pick<Mission, 'policy' | 'workload'>, runId: string): Promise<CalicoFindings> {
  if (!(await cluster.serves(calicoGroup, calicoVersion))) {
    return { problems: [problem('CalicoApiMissing', '', `The cluster does not serve ${calicoGroup}/${calicoVersion}.`)], warnings: [] };
  }
  const [controllers, felix, tier, policies] = await Promise.all([
    look(cluster.find(kubeControllersConfigurations, 'default')),
    look(cluster.find(felixConfigurations, 'default')),
    look(cluster.find(tiers, mission.policy.tier)),
    look(cluster.list(globalNetworkPolicies)),
  ]);
  const problems = [
    ...(isMissing(controllers) ? [problem('CalicoConfigMissing', '', 'KubeControllersConfiguration default does not exist.')] : []),
    ...(isMissing(felix) ? [problem('CalicoConfigMissing', '', 'FelixConfiguration default does not exist.')] : []),
    ...(isMissing(tier) ? [problem('TierNotFound', 'policy.tier', `Tier ${mission.policy.tier} does not exist.`)] : []),
    ...nameProblems(foundIn(policies) ?? [], mission.policy, runId),
    ...foreignMark(foundIn(controllers), 'KubeControllersConfiguration default', runId),
    ...foreignMark(foundIn(felix), 'FelixConfiguration default', runId),
    ...failsafeProblems(foundIn(felix), mission.workload.nodePort),
  ];
  const warnings = [
    ...controllerWarnings(foundIn(controllers)),
    ...lockOutWarnings(foundIn(policies) ?? [], foundIn(controllers)),
    ...denyWarnings(foundIn(felix)),
  ];
  return { problems, warnings, calico: await siteOf(cluster, foundIn(controllers), foundIn(felix)) };
}

function nameProblems(policies: readonly GlobalNetworkPolicy[], policy: Mission['policy'], runId: string): readonly Problem[] {
  const foreign = policies.find((existing) => isPolicyNamed(existing.metadata.name, policy) && !isOf(existing, runId));
  return foreign === undefined
    ? []
    : [problem('PolicyExists', 'policy.name', `GlobalNetworkPolicy ${policyName(policy)} exists and does not belong to this run.`)];
}

/** Calico's defaults (felix/config/config_params.go); they come before every pre-DNAT rule, so no policy can deny them. */
const defaultFailsafePorts: readonly FailsafePort[] = [22, 179, 2379, 2380, 5473, 6443, 6666, 6667].map((port) => ({ protocol: 'TCP', port }));

function failsafeProblems(felix: FelixConfiguration | undefined, nodePort: number): readonly Problem[] {
  const ports = felix?.spec?.failsafeInboundHostPorts ?? defaultFailsafePorts;
  const failsafe = ports.find(({ port, protocol = 'TCP' }) => port === nodePort && protocol.toUpperCase() === 'TCP');
  if (failsafe === undefined) return [];
  const from = failsafe.net === undefined ? '' : ` from ${failsafe.net}`;
  return [
    problem(
      'InvalidInput',
      'workload.nodePort',
      `NodePort ${nodePort} is a failsafe inbound port of Calico${from}: no policy can deny it.`,
      'Set workload.nodePort to another port.',
    ),
  ];
}

/** An environment variable of calico-kube-controllers wins over the configuration object. */
function controllerWarnings(controllers: KubeControllersConfiguration | undefined): readonly string[] {
  const value = controllers?.status?.environmentVars?.['AUTO_HOST_ENDPOINTS'];
  return value === undefined
    ? []
    : [`AUTO_HOST_ENDPOINTS=${value} in the environment of calico-kube-controllers overrides autoCreate of KubeControllersConfiguration default.`];
}

/**
 * A normal policy for everything was perhaps written for pods; it selects nodes too the moment they have host endpoints, and brings a default deny.
 * A namespaceSelector can never match a host endpoint.
 */
function lockOutWarnings(policies: readonly GlobalNetworkPolicy[], controllers: KubeControllersConfiguration | undefined): readonly string[] {
  if (controllers?.spec?.controllers?.node?.hostEndpoint?.autoCreate === 'Enabled') return [];
  const wide = policies.filter(
    ({ spec }) => ['', 'all()'].includes(spec?.selector?.replaceAll(' ', '') ?? '') && !spec?.namespaceSelector && spec?.preDNAT !== true,
  );
  if (wide.length === 0) return [];
  const names = wide.map(({ metadata }) => metadata.name).join(', ');
  return [
    `GlobalNetworkPolicy ${names} selects everything and is not preDNAT: with automatic host endpoints it applies to the nodes too and may cut traffic to and from them.`,
  ];
}

/** The kernel takes a REJECT only in the filter table, so Felix cannot program a pre-DNAT deny then. */
function denyWarnings(felix: FelixConfiguration | undefined): readonly string[] {
  const set = (['iptablesFilterDenyAction', 'nftablesFilterDenyAction'] as const).filter((field) => felix?.spec?.[field]?.toLowerCase() === 'reject');
  return set.map((field) => `${field} of FelixConfiguration default is Reject: a pre-DNAT deny can be expected to fail; use Drop.`);
}

async function siteOf(cluster: Cluster, controllers: KubeControllersConfiguration | undefined, felix: FelixConfiguration | undefined): Promise<CalicoSite> {
  const information = foundIn(await look(cluster.find(clusterInformations, 'default')))?.spec;
  const schema = foundIn(await look(cluster.openApi(calicoGroup, calicoVersion))) ?? '';
  return {
    flavour: schema.includes('"flowLogsEnableHostEndpoint"') || information?.cnxVersion ? 'cloud' : 'oss',
    version: information?.cnxVersion || information?.calicoVersion || 'unknown',
    priorAutoCreate: controllers?.spec?.controllers?.node?.hostEndpoint?.autoCreate ?? null,
    priorFlowLogs: felix?.spec?.flowLogsEnableHostEndpoint ?? null,
  };
}
