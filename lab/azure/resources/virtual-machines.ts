import { randomUUID } from 'node:crypto';
import { type Arm, referenced } from '../arm.ts';
import { armError } from '../errors.ts';
import { keyOf, newEtag, parentIdOf, type Resource, sameId } from '../store.ts';
import { type DiskProperties, diskType } from './disks.ts';
import { type InterfaceProperties, interfaceType } from './interfaces.ts';
import {
  checkOsProfile,
  cloudConfigOf,
  type MachineBody,
  machineBody,
  type OsProfile,
  publicKeysOf,
  refuseChange,
} from './machine-body.ts';
import type { ResourceType } from './type.ts';
import type { SubnetProperties } from './virtual-networks.ts';

export type MachineProperties = MachineBody['properties'] & {
  provisioningState?: string;
  vmId: string;
  timeCreated: string;
  /** With customData and password, which GET never shows. */
  osProfile: OsProfile;
};

export const machineType = 'Microsoft.Compute/virtualMachines';
/** What `latest` resolves to. */
export const imageVersion = '24.04.202611010';

export const virtualMachines: ResourceType<MachineProperties, MachineBody> = {
  type: machineType,
  lasts: { create: 'vm', update: 'vmUpdate', remove: 'vmDelete' },
  whileWriting: 'Creating',
  locks: (id) => ({ own: [id] }),
  write: {
    body: machineBody,
    links: (body) =>
      body.properties.networkProfile.networkInterfaces.map(({ id }) => ({
        action: `${interfaceType}/join/action`,
        id,
      })),
    accept({ arm, id, body: { properties } }, existing) {
      const osDisk = {
        ...properties.storageProfile.osDisk,
        name:
          properties.storageProfile.osDisk.name ??
          existing?.properties.storageProfile.osDisk.name ??
          `${id.split('/').at(-1)}_OsDisk_1_${randomUUID().replaceAll('-', '')}`,
      };
      const exactVersion =
        properties.storageProfile.imageReference.version === 'latest'
          ? imageVersion
          : properties.storageProfile.imageReference.version;
      const imageReference = { ...properties.storageProfile.imageReference, exactVersion };
      const nics = properties.networkProfile.networkInterfaces.map((nic) => availableInterface(arm, id, nic.id));
      const stored = { ...properties, storageProfile: { ...properties.storageProfile, imageReference, osDisk } };
      if (existing?.real) {
        refuseChanges(existing.properties, stored);
        return {
          ...existing.properties,
          ...stored,
          storageProfile: existing.properties.storageProfile,
          osProfile: existing.properties.osProfile,
        };
      }
      const osProfile = checkOsProfile(properties.osProfile);
      if (arm.store.get(diskIdOf(id, osDisk.name)) !== undefined)
        throw armError('OperationNotAllowed', { text: `Disk ${osDisk.name} already exists.` });
      for (const nic of nics) Object.assign(nic.properties, { virtualMachine: { id }, reservedUntil: undefined });
      return { ...stored, osProfile, vmId: randomUUID(), timeCreated: new Date().toISOString() };
    },
    async realise(vm, arm) {
      const { osDisk } = vm.properties.storageProfile;
      const diskId = diskIdOf(vm.id, osDisk.name ?? vm.name);
      if (arm.store.get(diskId) !== undefined) return; // an update: the machine runs already
      arm.store.put(diskOf(vm, diskId));
      osDisk.managedDisk = { storageAccountType: 'StandardSSD_LRS', ...osDisk.managedDisk, id: diskId };
      await arm.effects.applyNetwork();
      await arm.effects.boot(bootOf(vm, arm));
    },
    failed(vm, arm) {
      for (const nic of interfacesOf(vm, arm)) nic.properties.reservedUntil = Number.POSITIVE_INFINITY; // until the VM is deleted, then for a while
    },
  },
  removal: {
    async erase(vm, arm) {
      await arm.effects.destroy(keyOf(vm.id));
      for (const nic of interfacesOf(vm, arm)) releaseInterface(vm, nic, arm);
      const disk = arm.store.get<DiskProperties>(diskIdOf(vm.id, vm.properties.storageProfile.osDisk.name ?? vm.name));
      if (disk !== undefined && vm.properties.storageProfile.osDisk.deleteOption === 'Delete')
        arm.store.remove(disk.id);
      else if (disk !== undefined) Object.assign(disk.properties, { diskState: 'Unattached', owner: undefined });
      await arm.effects.applyNetwork();
    },
  },
  view(vm, _arm, query) {
    const { osProfile, ...properties } = vm.properties;
    const { customData: _data, adminPassword: _password, ...shown } = osProfile;
    const instanceView = query['$expand']?.toLowerCase() === 'instanceview' && { instanceView: instanceViewOf(vm) };
    return { ...properties, osProfile: { ...shown, secrets: [], allowExtensionOperations: true }, ...instanceView };
  },
};

function refuseChanges(
  old: MachineProperties,
  wanted: Pick<MachineBody['properties'], 'osProfile' | 'storageProfile'>,
): void {
  refuseChange(old.osProfile, wanted.osProfile);
  const [before, after] = [old.storageProfile, wanted.storageProfile];
  if (before.osDisk.name !== after.osDisk.name) throw armError('PropertyChangeNotAllowed', { text: 'osDisk.name' });
  for (const field of ['publisher', 'offer', 'sku'] as const) {
    if (before.imageReference[field] !== after.imageReference[field])
      throw armError('PropertyChangeNotAllowed', { text: 'imageReference' });
  }
}

function availableInterface(arm: Arm, vmId: string, nicId: string): Resource<InterfaceProperties> {
  const nic = referenced<InterfaceProperties>(arm, vmId, nicId, interfaceType);
  const { virtualMachine, reservedUntil = 0 } = nic.properties;
  const ours = sameId(virtualMachine?.id, vmId);
  if (virtualMachine !== undefined && !ours) throw armError('NicInUse', { id: nic.id, other: virtualMachine.id });
  if (!ours && Date.now() < reservedUntil) throw armError('NicReservedForAnotherVm', { id: nic.id });
  return nic;
}

/** A VM whose creation failed leaves its interfaces reserved for a while after it is gone. */
function releaseInterface(vm: Resource<MachineProperties>, nic: Resource<InterfaceProperties>, arm: Arm): void {
  const wanted = vm.properties.networkProfile.networkInterfaces.find((each) => sameId(each.id, nic.id));
  nic.properties.virtualMachine = undefined;
  nic.properties.reservedUntil =
    nic.properties.reservedUntil === undefined ? undefined : Date.now() + arm.timing.durations.interfaceReservation;
  if (wanted?.properties?.deleteOption === 'Delete') arm.store.remove(nic.id);
}

function interfacesOf(vm: Resource<MachineProperties>, arm: Arm): Resource<InterfaceProperties>[] {
  return arm.store
    .ofType<InterfaceProperties>(interfaceType)
    .filter((nic) => sameId(nic.properties.virtualMachine?.id, vm.id));
}

const diskIdOf = (vmId: string, name: string): string => `${parentIdOf(vmId)}/disks/${name}`;

function diskOf(vm: Resource<MachineProperties>, id: string): Resource<DiskProperties> {
  const { publisher, offer, sku } = vm.properties.storageProfile.imageReference;
  return {
    id,
    name: id.split('/').at(-1) ?? id,
    type: diskType,
    group: vm.group,
    location: vm.location,
    tags: vm.tags && { ...vm.tags }, // copied once; later changes of the VM's tags do not follow
    sku: { name: 'StandardSSD_LRS', tier: 'Standard' },
    etag: newEtag(),
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

function bootOf(vm: Resource<MachineProperties>, arm: Arm): Parameters<Arm['effects']['boot']>[0] {
  const nic = interfacesOf(vm, arm)[0];
  const address = nic?.properties.ipConfigurations.find((each) => each.properties.primary)?.properties;
  const subnet = address && arm.store.get<SubnetProperties>(address.subnet.id);
  if (address === undefined || subnet === undefined)
    throw armError('OSProvisioningInternalError', { text: 'the machine has no network' });
  const { osProfile } = vm.properties;
  return {
    id: keyOf(vm.id),
    computerName: osProfile.computerName,
    privateAddress: address.privateIPAddress,
    subnetPrefix: subnet.properties.addressPrefix,
    vnetId: keyOf(parentIdOf(subnet.id)),
    adminUser: osProfile.adminUsername,
    authorizedKeys: publicKeysOf(osProfile),
    cloudConfig: cloudConfigOf(osProfile),
  };
}

function instanceViewOf(vm: Resource<MachineProperties>): object {
  const state = vm.properties.provisioningState?.toLowerCase() ?? 'succeeded';
  const statuses = [
    {
      code: `ProvisioningState/${state}`,
      level: state === 'failed' ? 'Error' : 'Info',
      displayStatus: `Provisioning ${state}`,
    },
  ];
  if (vm.real) statuses.push({ code: 'PowerState/running', level: 'Info', displayStatus: 'VM running' });
  return { computerName: vm.properties.osProfile.computerName, osName: 'ubuntu', hyperVGeneration: 'V2', statuses };
}
