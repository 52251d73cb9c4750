import type { Node } from '../../adapters/kubernetes/resources.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Mission } from '../../contract/mission.ts';
import { tellInfo, tellOk, tellProblem } from '../look.ts';

/**
 * Whether the kubeconfig leads to the managed cluster that Azure was asked about. `nodeResourceGroup`: of that one;
 * undefined: Azure did not tell.
 */
export function examineIdentity(
  nodes: readonly Node[],
  { subscriptionId, cluster }: Pick<Mission, 'subscriptionId' | 'cluster'>,
  nodeResourceGroup: string | undefined,
): readonly Diagnosis[] {
  if (nodeResourceGroup === undefined) return [];
  const ids = nodes.flatMap(({ spec }) => spec?.providerID || []);
  const [first] = ids;
  if (first === undefined)
    return [tellInfo('identity', 'The nodes do not tell whose they are: none has a providerID.')];
  const wanted = `azure:///subscriptions/${subscriptionId}/resourceGroups/${nodeResourceGroup}/`.toLowerCase();
  if (ids.some((id) => id.toLowerCase().startsWith(wanted)))
    return [tellOk('identity', `The nodes are in ${nodeResourceGroup}, as those of ${cluster} are.`)];
  const where = /^azure:\/\/\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\//i.exec(first);
  const found = where === null ? `not Azure's (${first})` : `in resource group ${where[2]} of subscription ${where[1]}`;
  return [
    tellProblem(
      'identity',
      'WrongCluster',
      'cluster',
      `The kubeconfig leads to another cluster than ${cluster}: its nodes are ${found}, and those of ${cluster} in ` +
        `${nodeResourceGroup} of ${subscriptionId}.`,
    ),
  ];
}
