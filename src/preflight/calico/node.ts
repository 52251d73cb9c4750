import { calicoNode, describeRollout } from '../../adapters/kubernetes/calico-node.ts';
import type { DaemonSet } from '../../adapters/kubernetes/resources.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import { formCommand } from '../../contract/shell.ts';
import { isMissing, type Look, takeFound, tellInfo, tellOk, tellWarning } from '../look.ts';

/** Whether Felix runs everywhere, as far as its DaemonSet tells. */
export function examineRollout(looked: Look<DaemonSet | undefined>): Diagnosis {
  const where = `DaemonSet ${calicoNode.name} in namespace ${calicoNode.namespaces.join(' or ')}`;
  if (isMissing(looked))
    return tellInfo('calicoNode', `There is no ${where}: whether Felix runs on every node was not looked at.`);
  const daemonSet = takeFound(looked);
  if (daemonSet === undefined) return tellInfo('calicoNode', `Not readable: the credential may not read the ${where}.`);
  const { isDone, words } = describeRollout(daemonSet);
  if (isDone) return tellOk('calicoNode', `${words}.`);
  return tellWarning(
    'calicoNode',
    `${words}. From v3.32 on, calico-kube-controllers makes no host endpoint before it is.`,
    `Wait for it: ${formCommand(
      ...['kubectl', 'rollout', 'status', 'daemonset', calicoNode.name],
      ...['--namespace', daemonSet.metadata.namespace ?? ''],
    )}`,
  );
}
