import { openCalico } from '../../adapters/kubernetes/calico.ts';
import type { Cluster } from '../../adapters/kubernetes/index.ts';
import type { KubernetesObject } from '../../adapters/kubernetes/resources.ts';
import type { FlowLogs } from '../../contract/change.ts';
import type { CalicoApi } from '../../contract/report.ts';
import type { StepContext, Tools } from '../../step/context.ts';
import { type ChangedField, removeMark } from '../changed-field.ts';

/**
 * Open-source Calico's schema does not know the field: the API server accepts the patch and prunes the value, so only
 * reading back tells.
 */
export async function readFlowLogs(
  cluster: Cluster,
  calico: CalicoApi,
  field: ChangedField<KubernetesObject>,
  tools: Pick<Tools, 'signer'>,
  context: Pick<StepContext, 'run'>,
): Promise<FlowLogs> {
  const stored = await cluster.get(openCalico(calico).felixConfigurations, 'default');
  if (stored.spec?.flowLogsEnableHostEndpoint === true) return 'enabled';
  await removeMark(cluster, field, tools, context);
  return 'not supported by this Calico';
}
