import { createArmError } from '../arm/errors.ts';
import type { ResourceType } from './type.ts';

export interface DiskProperties {
  provisioningState?: string;
  timeCreated: string;
  diskState: 'Attached' | 'Unattached';
  diskSizeGB: number;
  osType: 'Linux';
  creationData: { createOption: 'FromImage'; imageReference: { id: string } };
  /** Id of the VM that has it; shown as `managedBy`. */
  owner?: string | undefined;
}

export const diskType = 'Microsoft.Compute/disks';

/** OS disks, made by VMs only. */
export const disks: ResourceType<DiskProperties> = {
  type: diskType,
  lasts: { create: 'diskDelete', remove: 'diskDelete' },
  whileWriting: 'Updating',
  locks: (id) => ({ own: [id] }),
  removal: {
    refuse(disk) {
      const { owner } = disk.properties;
      if (owner !== undefined)
        throw createArmError('OperationNotAllowed', { text: `Disk ${disk.name} is attached to VM ${owner}.` });
    },
    erase: async () => {},
  },
  view: ({ properties: { owner: _, ...shown } }) => shown,
};
