import type { StepActivity } from '../../step/context.ts';
import { until } from '../../step/wait.ts';
import { connected, ensureSide, farSide, nearSide, removeBroken } from './pair.ts';

/** Makes the near side too where it is missing: after a Disconnected pair was removed, both are made again. */
export const peerFromCluster: StepActivity<'peerFromCluster'> = async (vnets, { azure }, context) => {
  const { runId } = context.run;
  await removeBroken(azure, vnets, context);
  await ensureSide(azure, nearSide(vnets, runId), context);
  const side = farSide(vnets, runId);
  await ensureSide(azure, side, context);
  const { peeringState, syncLevel } = await until(context, () => connected(azure, vnets, runId));
  return { id: side.id, peeringState, syncLevel };
};
