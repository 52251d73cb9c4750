/** What takes the Azure steps back: look, check the run's mark (W6), delete, and prove by a GET that answers 404. */
import {
  AzureError,
  type Lro,
  nameOf,
  type Owned,
  ownCodes,
  type PeeringState,
  type State,
  sameId,
} from '../adapters/azure/index.ts';
import { runTag } from '../ownership/names.ts';
import type { StepContext, UndoActivity } from '../step/context.ts';
import { lroOf } from '../step/lro.ts';

/** What tells that a resource is the run's: the value that the run wrote, and the one that is there. */
interface Mark<S> {
  readonly what: string;
  readonly wrote: string;
  of(state: S): string | undefined;
}

const tagOf = ({ run }: StepContext): Mark<State> => ({
  what: `tag ${runTag}`,
  wrote: run.runId,
  of: ({ tags }) => tags[runTag],
});
/** A peering carries no tag; its name holds the run id, and it leads to the run's other VNet. */
const wayTo = (remoteVnetId: string): Mark<PeeringState> => ({
  what: 'remote VNet',
  wrote: remoteVnetId,
  of: (state) => state.remoteVnetId,
});

/** A resource without the mark is somebody else's, or was taken from the run: told with both values, not touched (W3, W6). */
async function undone<S extends State>(
  id: string,
  context: StepContext,
  mark: Mark<S>,
  remove: (lro: Lro, owned: Owned<S>) => Promise<'removed' | 'absent'>,
) {
  let foreign: S | undefined;
  const owned = (state: S): boolean => {
    const ours = sameId(mark.of(state) ?? '', mark.wrote);
    if (!ours) foreign = state;
    return ours;
  };
  try {
    const end = await remove(lroOf(context), owned);
    return end === 'removed'
      ? ({ outcome: 'done', detail: `${nameOf(id)} is gone` } as const)
      : ({ outcome: 'nothing', detail: `${nameOf(id)} did not exist` } as const);
  } catch (error) {
    if (!(error instanceof AzureError) || error.code !== ownCodes.notOwned || foreign === undefined) throw error;
    const detail = `The ${mark.what} of ${nameOf(foreign.id)} is ${mark.of(foreign) ?? 'absent'}, this run wrote ${mark.wrote}; left alone`;
    return { outcome: 'conflict', detail } as const;
  }
}

export const deleteNetwork: UndoActivity<'deleteNetwork'> = ({ id }, { azure }, context) =>
  undone(id, context, tagOf(context), (lro, owned) => azure.networks.remove(id, lro, owned));

export const deletePublicIp: UndoActivity<'deletePublicIp'> = ({ id }, { azure }, context) =>
  undone(id, context, tagOf(context), (lro, owned) => azure.publicIps.remove(id, lro, owned));

export const deleteSecurityGroup: UndoActivity<'deleteSecurityGroup'> = ({ id }, { azure }, context) =>
  undone(id, context, tagOf(context), (lro, owned) => azure.securityGroups.remove(id, lro, owned));

export const deleteInterface: UndoActivity<'deleteInterface'> = ({ id }, { azure }, context) =>
  undone(id, context, tagOf(context), (lro, owned) => azure.interfaces.remove(id, lro, owned));

/** The disk goes with its VM; it is looked for all the same, since a VM that was never finished leaves it behind. */
export const deleteVm: UndoActivity<'deleteVm'> = ({ id, osDiskId }, { azure }, context) =>
  undone(id, context, tagOf(context), async (lro, owned) => {
    const vm = await azure.virtualMachines.remove(id, lro, owned);
    const disk = await azure.disks.remove(osDiskId, lro, owned);
    return vm === 'removed' || disk === 'removed' ? 'removed' : 'absent';
  });

export const deletePeering: UndoActivity<'deletePeering'> = ({ id, remoteVnetId }, { azure }, context) =>
  undone(id, context, wayTo(remoteVnetId), (lro, owned) => azure.peerings.remove(id, lro, owned));
