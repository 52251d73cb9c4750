import { ensureSide, nearSide, removeBroken } from './peering-pair.ts';
import type { StepActivity } from './step.ts';

export const peerToCluster: StepActivity<'peerToCluster'> = async (vnets, { azure }, context) => {
  await removeBroken(azure, vnets, context);
  const side = nearSide(vnets, context.run.runId);
  await ensureSide(azure, side, context);
  return { id: side.id };
};
