import { networkBody } from '../manifests/azure.ts';
import { idsOf } from '../manifests/names.ts';
import { lroOf, ownedBy } from './azure-run.ts';
import type { StepActivity } from './step.ts';

export const createNetwork: StepActivity<'createNetwork'> = async (input, { azure }, context) => {
  const ids = idsOf(context.run);
  await azure.networks.ensure(ids.network, networkBody(context.run, input), lroOf(context), ownedBy(context.run));
  return { id: ids.network, subnetId: ids.subnet };
};
