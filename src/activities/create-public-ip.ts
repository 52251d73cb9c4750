import { publicIpBody } from '../manifests/azure.ts';
import { idsOf } from '../manifests/names.ts';
import { lroOf, ownedBy } from './azure-run.ts';
import type { StepActivity } from './step.ts';
import { until } from './wait.ts';

export const createPublicIp: StepActivity<'createPublicIp'> = async (_input, { azure }, context) => {
  const id = idsOf(context.run).publicIp;
  const made = await azure.publicIps.ensure(id, publicIpBody(context.run), lroOf(context), ownedBy(context.run));
  const address =
    made.address || (await until(context, async () => (await azure.publicIps.get(id))?.address || undefined));
  return { id, address };
};
