import { idsOf } from '../../ownership/names.ts';
import type { StepActivity } from '../../step/context.ts';
import { lroOf, ownedBy } from '../../step/lro.ts';
import { until } from '../../step/wait.ts';
import { publicIpBody } from '../azure-bodies.ts';

export const createPublicIp: StepActivity<'createPublicIp'> = async (_input, { azure }, context) => {
  const id = idsOf(context.run).publicIp;
  const made = await azure.publicIps.ensure(id, publicIpBody(context.run), lroOf(context), ownedBy(context.run));
  const address =
    made.address || (await until(context, async () => (await azure.publicIps.get(id))?.address || undefined));
  return { id, address };
};
