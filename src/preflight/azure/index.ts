import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Mission } from '../../contract/mission.ts';
import type { Site } from '../../contract/site.ts';
import { collectFindings, type Findings, type OnError, rethrow, tellOk, tellProblem } from '../look.ts';
import { examineShape } from './aks.ts';
import { askIfAllowed, type Reader } from './ask.ts';
import { inspectLocks, type LockScope } from './locks.ts';
import { inspectRights, type Scope } from './rights.ts';
import { examineVnet, findClusterVnet } from './vnet.ts';

export type AzureSite = Pick<
  Site,
  | 'location'
  | 'clusterResourceId'
  | 'nodeResourceGroup'
  | 'kubernetesVersion'
  | 'clusterVnetId'
  | 'clusterAddressSpaces'
>;

export interface AzureFindings extends Findings {
  /** Present once the cluster and its VNet are known, whatever else is wrong. */
  readonly site?: AzureSite;
}

interface AzurePart {
  readonly findings: readonly Diagnosis[];
  readonly site?: AzureSite;
}

/**
 * Reads the subscription's side; changes nothing. Lists everything that it finds; an Azure that cannot be asked
 * (throttled, unreachable, no credential) is an error.
 */
export async function inspectAzure(
  mission: Mission,
  tools: Reader,
  onError: OnError = rethrow,
): Promise<AzureFindings> {
  const failed = (error: unknown): AzurePart => ({ findings: onError(error) });
  const groups = await inspectGroups(mission, tools).catch((error) => ({ ...failed(error), existing: [] }));
  const rights = await inspectRights(groups.existing, tools).catch(onError);
  const locks = await inspectLocks(groups.existing.flatMap(lockScopeOf), tools).catch(onError);
  const cluster: AzurePart = groups.existing.some(({ at }) => at === 'cluster')
    ? await inspectCluster(mission, tools).catch(failed)
    : { findings: [] };
  const findings = unique([...groups.findings, ...rights, ...locks, ...cluster.findings]);
  return { ...collectFindings(findings), ...(cluster.site === undefined ? {} : { site: cluster.site }) };
}

/** A run makes nothing in the cluster's group, unless that is the VM's too. */
const lockScopeOf = ({ at, groupId }: Scope): LockScope[] =>
  at === 'group' ? [{ id: groupId, made: 'the probe VM and its network', field: 'vm.resourceGroup' }] : [];

async function inspectGroups(
  mission: Mission,
  { azure }: Reader,
): Promise<AzurePart & { readonly existing: readonly Scope[] }> {
  const { subscriptionId } = mission;
  const wanted = [
    { at: 'cluster', field: 'resourceGroup', resourceGroup: mission.resourceGroup },
    { at: 'group', field: 'vm.resourceGroup', resourceGroup: mission.vm.resourceGroup },
  ] as const;
  const looks = await Promise.all(
    wanted.map(async ({ at, field, resourceGroup }) => {
      const groupId = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
      const cluster = `${groupId}/providers/Microsoft.ContainerService/managedClusters/${mission.cluster}`;
      const exists = await askIfAllowed(() => azure.groupExists({ subscriptionId, resourceGroup }), 'groups', field);
      if (exists.refusal !== undefined) return { found: exists.refusal, existing: [] };
      if (exists.value === true)
        return {
          found: tellOk('groups', `Resource group ${resourceGroup} exists.`, '', field),
          existing: [{ at, groupId, ...(at === 'cluster' ? { resourceId: cluster } : {}) }],
        };
      const missing = `Resource group ${resourceGroup} does not exist in subscription ${subscriptionId}.`;
      return { found: tellProblem('groups', 'ResourceGroupNotFound', field, missing), existing: [] };
    }),
  );
  return { findings: looks.map(({ found }) => found), existing: looks.flatMap(({ existing }) => existing) };
}

async function inspectCluster(mission: Mission, tools: Reader): Promise<AzurePart> {
  const { subscriptionId, resourceGroup, cluster: name } = mission;
  const read = await askIfAllowed(
    () => tools.azure.clusters.get({ subscriptionId, resourceGroup, name }),
    'aks',
    'cluster',
  );
  if (read.refusal !== undefined) return { findings: [read.refusal] };
  if (read.value === undefined) {
    return {
      findings: [
        tellProblem(
          'aks',
          'ClusterNotFound',
          'cluster',
          `Resource group ${resourceGroup} has no managed cluster ${name}.`,
        ),
      ],
    };
  }
  const cluster = read.value;
  const shape = examineShape(cluster);
  const vnet = await askIfAllowed(() => findClusterVnet(cluster, subscriptionId, tools), 'vnet', 'cluster');
  if (vnet.refusal !== undefined) return { findings: [...shape, vnet.refusal] };
  if (!('id' in vnet.value))
    return { findings: [...shape, tellProblem('vnet', 'ClusterVnetUnknown', 'cluster', vnet.value.why)] };
  const { id, addressSpaces: clusterAddressSpaces } = vnet.value;
  const rights = await inspectRights(
    [{ at: 'clusterNetwork', groupId: id.replace(/\/providers\/.*$/i, ''), resourceId: id }],
    tools,
  );
  const { location, id: clusterResourceId, nodeResourceGroup, kubernetesVersion } = cluster;
  const locks = await inspectLocks(
    [
      { id: clusterResourceId, made: '', field: 'cluster' },
      { id, made: 'its peering on the VNet of the nodes', field: 'cluster' },
    ],
    tools,
  );
  return {
    findings: [...shape, ...examineVnet(mission, cluster, vnet.value), ...rights, ...locks],
    site: {
      location,
      clusterResourceId,
      nodeResourceGroup,
      kubernetesVersion,
      clusterVnetId: id,
      clusterAddressSpaces,
    },
  };
}

const unique = (findings: readonly Diagnosis[]): readonly Diagnosis[] => [
  ...new Map(findings.map((each) => [`${each.level} ${each.code ?? ''} ${each.reason}`, each])).values(),
];
