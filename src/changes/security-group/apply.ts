import { idsOf } from '../../ownership/names.ts';
import type { StepActivity } from '../../step/context.ts';
import { lroOf, ownedBy } from '../../step/lro.ts';
import { securityGroupBody } from '../azure-bodies.ts';

export const createSecurityGroup: StepActivity<'createSecurityGroup'> = async (input, { azure }, context) => {
  const id = idsOf(context.run).securityGroup;
  await azure.securityGroups.ensure(id, securityGroupBody(context.run, input), lroOf(context), ownedBy(context.run));
  return { id };
};
