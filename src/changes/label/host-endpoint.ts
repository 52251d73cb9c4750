import { listAutoHostEndpoints } from '../../adapters/kubernetes/calico.ts';
import type { Cluster } from '../../adapters/kubernetes/index.ts';
import { HepflowError } from '../../contract/failures.ts';
import type { Interval } from '../../contract/observation.ts';
import type { CalicoApi } from '../../contract/report.ts';
import type { StepContext } from '../../step/context.ts';
import { measureInterval } from '../../step/timed.ts';
import { patienceMs, untilWithin } from '../../step/wait.ts';
import { describeLabel, type LabelInput } from './plan.ts';

/** Calico copies a label within a second or two, and the report tells between which looks. */
const lookEveryMs = 200;

/**
 * Waits until the node's automatic host endpoint carries the label too. `writtenFrom`: when the label was sent, if this
 * try sent it;
 * only then is it known between which looks the copy came. Fails with HostEndpointsMissing.
 */
export async function waitForHostEndpoint(
  cluster: Cluster,
  calico: CalicoApi,
  label: LabelInput,
  writtenFrom: string | undefined,
  context: StepContext,
): Promise<{ readonly hostEndpoint: string; readonly reached: Interval | undefined }> {
  const { node, key, written } = label;
  const findLabelled = async (): Promise<string | undefined> => {
    const own = (await listAutoHostEndpoints(cluster, calico)).filter(({ spec }) => spec?.node === node);
    return own.find(({ metadata }) => metadata.labels?.[key] === written)?.metadata.name;
  };
  let from = writtenFrom;
  let reached: Interval | undefined;
  const look = async (): Promise<string | undefined> => {
    const { result, interval } = await measureInterval(findLabelled);
    if (result !== undefined && from !== undefined) reached = { from, to: interval.to };
    from &&= interval.from;
    return result;
  };
  const createError = () =>
    new HepflowError(
      'HostEndpointsMissing',
      `No auto host endpoint of ${node} got the label ${describeLabel(label)} within ${patienceMs / 1000} s.`,
    );
  const hasty = { ...context, pollIntervalMs: Math.min(context.pollIntervalMs, lookEveryMs) };
  const hostEndpoint = await untilWithin(hasty, patienceMs, look, createError);
  return { hostEndpoint, reached };
}
