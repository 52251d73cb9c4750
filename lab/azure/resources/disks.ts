import { createArmError } from '../arm/errors.ts';
import { createEtag, type Resource, readParentId } from '../arm/store.ts';
import { imageVersion, type MachineProperties } from './machine-body.ts';
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

/** Id of a disk beside its VM. */
export const formatDiskId = (vmId: string, name: string): string => `${readParentId(vmId)}/disks/${name}`;

/** The OS disk of a VM that is being made. */
export function createDisk(vm: Resource<MachineProperties>, id: string): Resource<DiskProperties> {
  const { publisher, offer, sku } = vm.properties.storageProfile.imageReference;
  return {
    id,
    name: id.split('/').at(-1) ?? id,
    type: diskType,
    group: vm.group,
    location: vm.location,
    tags: vm.tags && { ...vm.tags }, // copied once; later changes of the VM's tags do not follow
    sku: { name: 'StandardSSD_LRS', tier: 'Standard' },
    etag: createEtag(),
    real: true,
    properties: {
      provisioningState: 'Succeeded',
      timeCreated: new Date().toISOString(),
      diskState: 'Attached',
      diskSizeGB: vm.properties.storageProfile.osDisk.diskSizeGB ?? 30,
      osType: 'Linux',
      creationData: {
        createOption: 'FromImage',
        imageReference: {
          id: `/Publishers/${publisher}/ArtifactTypes/VMImage/Offers/${offer}/Skus/${sku}/Versions/${imageVersion}`,
        },
      },
      owner: vm.id,
    },
  };
}
