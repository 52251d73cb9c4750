import { idsOf } from '../../ownership/names.ts';
import type { StepActivity } from '../../step/context.ts';
import { lroOf, ownedBy } from '../../step/lro.ts';
import { networkBody } from '../azure-bodies.ts';

export const createNetwork: StepActivity<'createNetwork'> = async (input, { azure }, context) => {
  const ids = idsOf(context.run);
  await azure.networks.ensure(ids.network, networkBody(context.run, input), lroOf(context), ownedBy(context.run));
  return { id: ids.network, subnetId: ids.subnet };
};
