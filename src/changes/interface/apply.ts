import { idsOf } from '../../ownership/names.ts';
import type { StepActivity } from '../../step/context.ts';
import { lroOf, ownedBy } from '../../step/lro.ts';
import { until } from '../../step/wait.ts';
import { interfaceBody } from '../azure-bodies.ts';

export const createInterface: StepActivity<'createInterface'> = async (input, { azure }, context) => {
  const id = idsOf(context.run).interface;
  const made = await azure.interfaces.ensure(
    id,
    interfaceBody(context.run, input),
    lroOf(context),
    ownedBy(context.run),
  );
  const privateAddress =
    made.privateAddress ||
    (await until(context, async () => (await azure.interfaces.get(id))?.privateAddress || undefined));
  return { id, privateAddress };
};
