import type { StepActivity } from '../../step/context.ts';
import { ensureSide, nearSide, removeBroken } from './pair.ts';

export const peerToCluster: StepActivity<'peerToCluster'> = async (vnets, { azure }, context) => {
  await removeBroken(azure, vnets, context);
  const side = nearSide(vnets, context.run.runId);
  await ensureSide(azure, side, context);
  return { id: side.id };
};
