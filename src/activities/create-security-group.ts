import { securityGroupBody } from '../manifests/azure.ts';
import { idsOf } from '../manifests/names.ts';
import { lroOf, ownedBy } from './azure-run.ts';
import type { StepActivity } from './step.ts';

export const createSecurityGroup: StepActivity<'createSecurityGroup'> = async (input, { azure }, context) => {
  const id = idsOf(context.run).securityGroup;
  await azure.securityGroups.ensure(id, securityGroupBody(context.run, input), lroOf(context), ownedBy(context.run));
  return { id };
};
