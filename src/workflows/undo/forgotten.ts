/** What a run no longer remembers to have made: a reset goes on from an earlier event, and forgets what came after. */
import { workflowInfo } from '@temporalio/workflow';
import type { UndoEntry } from '../../contract/change.ts';
import type { Mission } from '../../contract/mission.ts';
import type { RunIdentity } from '../../contract/run.ts';
import type { MarkedThing } from '../../contract/sweep.ts';
import { callFindLeftovers } from '../proxies.ts';
import { UndoStack } from './stack.ts';

export const isReset = (): boolean => workflowInfo().runId !== workflowInfo().firstExecutionRunId;

/** What still carries the run's own signed marks, to be undone as a sweep would (W14); less what is told already. */
export async function findForgotten(
  identity: RunIdentity,
  mission: Mission,
  told: ReadonlySet<string>,
): Promise<UndoStack> {
  const { subscriptionId, resourceGroup, cluster, vm } = mission;
  const sweep = { subscriptionId, resourceGroup, cluster, vmResourceGroup: vm.resourceGroup };
  const { found } = await callFindLeftovers(identity, sweep);
  const entries = new Map(
    found
      .filter((thing) => isOwn(thing, identity))
      .flatMap(({ undo }): [string, UndoEntry][] =>
        undo === null || told.has(undo.command) ? [] : [[undo.command, undo]],
      ),
  );
  const stack = new UndoStack();
  for (const entry of [...entries.values()].toReversed()) stack.push(entry);
  return stack;
}

const isOwn = ({ ownership, runId, owner, firstExecutionRunId }: MarkedThing, run: RunIdentity): boolean =>
  ownership === 'proved' &&
  runId === run.runId &&
  owner === run.workflowId &&
  firstExecutionRunId === run.firstExecutionRunId;
