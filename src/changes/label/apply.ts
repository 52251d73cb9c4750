import { autoHostEndpoints } from '../../adapters/kubernetes/host-endpoints.ts';
import { HepflowError } from '../../contract/failures.ts';
import type { Interval } from '../../contract/observation.ts';
import type { StepActivity } from '../../step/context.ts';
import { timed } from '../../step/timed.ts';
import { patienceMs, untilWithin } from '../../step/wait.ts';
import { startObserver } from '../../vantage/prober/observe/session.ts';
import { changeField } from '../field/changed-field.ts';
import { labelField } from '../field/fields.ts';

/** Calico copies a label within a second or two, and the report tells between which looks. */
const lookEveryMs = 200;

export const labelNode: StepActivity<'labelNode'> = async ({ node, key, value, prior, observer }, tools, context) => {
  const cluster = await tools.clusters.of(context.run.cluster);
  if (observer) await startObserver(observer, tools, context); // what is not watched from before cannot be told afterwards
  const { changed, written } = await changeField(
    cluster,
    labelField(context.run.runId, { node, key, written: value, prior }),
    context.run,
  );
  // The policy selects by the host endpoint's labels; Calico copies the node's.
  const labelled = async (): Promise<string | undefined> => {
    const own = (await autoHostEndpoints(cluster)).filter(({ spec }) => spec?.node === node);
    return own.find(({ metadata }) => metadata.labels?.[key] === value)?.metadata.name;
  };
  let from = written?.from;
  let onHostEndpoint: Interval | undefined;
  const look = async (): Promise<string | undefined> => {
    const { result, interval } = await timed(labelled);
    if (result !== undefined && from !== undefined) onHostEndpoint = { from, to: interval.to };
    from &&= interval.from;
    return result;
  };
  const late = () =>
    new HepflowError(
      'HostEndpointsMissing',
      `No auto host endpoint of ${node} got the label ${key}=${value} within ${patienceMs / 1000} s.`,
    );
  const hasty = { ...context, pollIntervalMs: Math.min(context.pollIntervalMs, lookEveryMs) };
  const hostEndpoint = await untilWithin(hasty, patienceMs, look, late);
  return { changed, hostEndpoint, ...(written && { written }), ...(onHostEndpoint && { onHostEndpoint }) };
};
