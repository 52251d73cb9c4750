import { felixConfigurations } from '../../adapters/kubernetes/resources.ts';
import type { StepActivity } from '../../step/context.ts';
import { changeField, unmark } from './changed-field.ts';
import { flowLogsField } from './fields.ts';

/** Open-source Calico's schema does not know the field: the API server accepts the patch and prunes the value, so only reading back tells. */
export const enableFlowLogs: StepActivity<'enableFlowLogs'> = async ({ prior }, tools, context) => {
  const cluster = await tools.clusters.of(context.run.cluster);
  const field = flowLogsField(context.run.runId, prior);
  const { changed } = await changeField(cluster, field, context.run);
  const stored = await cluster.get(felixConfigurations, 'default');
  if (stored.spec?.flowLogsEnableHostEndpoint === true) return { changed, supported: true };
  await unmark(cluster, field);
  return { changed: false, supported: false };
};
