/** What takes the Azure steps back: look, check the run's mark (W6), delete, and prove by a GET that answers 404. */
import { AzureError, type Lro, nameOf, ownCodes } from '../adapters/azure/index.ts';
import { lroOf, ownedBy } from './azure-run.ts';
import { leadsTo } from './peering-pair.ts';
import type { StepContext, UndoActivity } from './step.ts';

type Removal = (lro: Lro) => Promise<'removed' | 'absent'>;

/** A resource without the mark is somebody else's: told, not touched. */
async function undone(id: string, context: StepContext, remove: Removal) {
  try {
    const end = await remove(lroOf(context));
    return end === 'removed'
      ? ({ outcome: 'done', detail: `${nameOf(id)} is gone` } as const)
      : ({ outcome: 'nothing', detail: `${nameOf(id)} did not exist` } as const);
  } catch (error) {
    if (!(error instanceof AzureError) || error.code !== ownCodes.notOwned) throw error;
    return { outcome: 'conflict', detail: `${nameOf(id)} does not carry the mark of this run; it was left alone` } as const;
  }
}

export const deleteNetwork: UndoActivity<'deleteNetwork'> = ({ id }, { azure }, context) =>
  undone(id, context, (lro) => azure.networks.remove(id, lro, ownedBy(context.run)));

export const deletePublicIp: UndoActivity<'deletePublicIp'> = ({ id }, { azure }, context) =>
  undone(id, context, (lro) => azure.publicIps.remove(id, lro, ownedBy(context.run)));

export const deleteSecurityGroup: UndoActivity<'deleteSecurityGroup'> = ({ id }, { azure }, context) =>
  undone(id, context, (lro) => azure.securityGroups.remove(id, lro, ownedBy(context.run)));

export const deleteInterface: UndoActivity<'deleteInterface'> = ({ id }, { azure }, context) =>
  undone(id, context, (lro) => azure.interfaces.remove(id, lro, ownedBy(context.run)));

/** The disk goes with its VM; it is looked for all the same, since a VM that was never finished leaves it behind. */
export const deleteVm: UndoActivity<'deleteVm'> = ({ id, osDiskId }, { azure }, context) =>
  undone(id, context, async (lro) => {
    const vm = await azure.virtualMachines.remove(id, lro, ownedBy(context.run));
    const disk = await azure.disks.remove(osDiskId, lro, ownedBy(context.run));
    return vm === 'removed' || disk === 'removed' ? 'removed' : 'absent';
  });

export const deletePeering: UndoActivity<'deletePeering'> = ({ id, remoteVnetId }, { azure }, context) =>
  undone(id, context, (lro) => azure.peerings.remove(id, lro, leadsTo(remoteVnetId)));
