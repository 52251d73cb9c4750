import { interfaceBody } from '../manifests/azure.ts';
import { idsOf } from '../manifests/names.ts';
import { lroOf, ownedBy } from './azure-run.ts';
import type { StepActivity } from './step.ts';
import { until } from './wait.ts';

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
