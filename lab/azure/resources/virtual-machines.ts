import { randomUUID } from 'node:crypto';
import { type Arm, requireReferenced } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { isSameId, normalizeId, type Resource, readParentId } from '../arm/store.ts';
import { createDisk, type DiskProperties, formatDiskId } from './disks.ts';
import { type InterfaceProperties, interfaceType } from './interfaces.ts';
import {
  checkOsProfile,
  decodeCloudConfig,
  imageVersion,
  listPublicKeys,
  type MachineBody,
  type MachineProperties,
  machineBody,
  refuseOsProfileChange,
} from './machine-body.ts';
import { refuseSize } from './sizes.ts';
import type { SubnetProperties } from './subnets.ts';
import type { ResourceType } from './type.ts';

export const machineType = 'Microsoft.Compute/virtualMachines';
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
      const nics = properties.networkProfile.networkInterfaces.map((nic) => requireFreeInterface(arm, id, nic.id));
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
      const others = arm.store.listByType<MachineProperties>(machineType).filter((vm) => !isSameId(vm.id, id));
      const sizes = others.map((vm) => vm.properties.hardwareProfile.vmSize);
      refuseSize(arm, properties.hardwareProfile.vmSize, sizes);
      const osProfile = checkOsProfile(properties.osProfile);
      if (arm.store.get(formatDiskId(id, osDisk.name)) !== undefined)
        throw createArmError('OperationNotAllowed', { text: `Disk ${osDisk.name} already exists.` });
      for (const nic of nics) Object.assign(nic.properties, { virtualMachine: { id }, reservedUntil: undefined });
      return { ...stored, osProfile, vmId: randomUUID(), timeCreated: new Date().toISOString() };
    },
    async realise(vm, arm) {
      const { osDisk } = vm.properties.storageProfile;
      const diskId = formatDiskId(vm.id, osDisk.name ?? vm.name);
      if (arm.store.get(diskId) !== undefined) return; // an update: the machine runs already
      arm.store.put(createDisk(vm, diskId));
      osDisk.managedDisk = { storageAccountType: 'StandardSSD_LRS', ...osDisk.managedDisk, id: diskId };
      await arm.dataPlane.applyNetwork();
      await arm.dataPlane.boot(describeBoot(vm, arm));
    },
    failed(vm, arm) {
      // Until the VM is deleted; releaseInterface then reserves them for a while.
      for (const nic of listInterfaces(vm, arm)) nic.properties.reservedUntil = Number.POSITIVE_INFINITY;
    },
  },
  removal: {
    async erase(vm, arm) {
      await arm.dataPlane.destroy(normalizeId(vm.id));
      for (const nic of listInterfaces(vm, arm)) releaseInterface(vm, nic, arm);
      const disk = arm.store.get<DiskProperties>(
        formatDiskId(vm.id, vm.properties.storageProfile.osDisk.name ?? vm.name),
      );
      if (disk !== undefined && vm.properties.storageProfile.osDisk.deleteOption === 'Delete')
        arm.store.remove(disk.id);
      else if (disk !== undefined) Object.assign(disk.properties, { diskState: 'Unattached', owner: undefined });
      await arm.dataPlane.applyNetwork();
    },
  },
  view(vm, _arm, query) {
    const { osProfile, ...properties } = vm.properties;
    const { customData: _data, adminPassword: _password, ...shown } = osProfile;
    const instanceView = query['$expand']?.toLowerCase() === 'instanceview' && { instanceView: presentInstance(vm) };
    return { ...properties, osProfile: { ...shown, secrets: [], allowExtensionOperations: true }, ...instanceView };
  },
};

function refuseChanges(
  old: MachineProperties,
  wanted: Pick<MachineBody['properties'], 'osProfile' | 'storageProfile'>,
): void {
  refuseOsProfileChange(old.osProfile, wanted.osProfile);
  const [before, after] = [old.storageProfile, wanted.storageProfile];
  if (before.osDisk.name !== after.osDisk.name)
    throw createArmError('PropertyChangeNotAllowed', { text: 'osDisk.name' });
  for (const field of ['publisher', 'offer', 'sku'] as const) {
    if (before.imageReference[field] !== after.imageReference[field])
      throw createArmError('PropertyChangeNotAllowed', { text: 'imageReference' });
  }
}

function requireFreeInterface(arm: Arm, vmId: string, nicId: string): Resource<InterfaceProperties> {
  const nic = requireReferenced<InterfaceProperties>(arm, vmId, nicId, interfaceType);
  const { virtualMachine, reservedUntil = 0 } = nic.properties;
  const ours = isSameId(virtualMachine?.id, vmId);
  if (virtualMachine !== undefined && !ours) throw createArmError('NicInUse', { id: nic.id, other: virtualMachine.id });
  if (!ours && Date.now() < reservedUntil) throw createArmError('NicReservedForAnotherVm', { id: nic.id });
  return nic;
}

/** A VM whose creation failed leaves its interfaces reserved for a while after it is gone. */
function releaseInterface(vm: Resource<MachineProperties>, nic: Resource<InterfaceProperties>, arm: Arm): void {
  const wanted = vm.properties.networkProfile.networkInterfaces.find((each) => isSameId(each.id, nic.id));
  nic.properties.virtualMachine = undefined;
  nic.properties.reservedUntil =
    nic.properties.reservedUntil === undefined ? undefined : Date.now() + arm.timing.durations.interfaceReservation;
  if (wanted?.properties?.deleteOption === 'Delete') arm.store.remove(nic.id);
}

function listInterfaces(vm: Resource<MachineProperties>, arm: Arm): Resource<InterfaceProperties>[] {
  return arm.store
    .listByType<InterfaceProperties>(interfaceType)
    .filter((nic) => isSameId(nic.properties.virtualMachine?.id, vm.id));
}

function describeBoot(vm: Resource<MachineProperties>, arm: Arm): Parameters<Arm['dataPlane']['boot']>[0] {
  const nic = listInterfaces(vm, arm)[0];
  const address = nic?.properties.ipConfigurations.find((each) => each.properties.primary)?.properties;
  const subnet = address && arm.store.get<SubnetProperties>(address.subnet.id);
  if (address === undefined || subnet === undefined)
    throw createArmError('OSProvisioningInternalError', { text: 'the machine has no network' });
  const { osProfile } = vm.properties;
  return {
    id: normalizeId(vm.id),
    computerName: osProfile.computerName,
    privateAddress: address.privateIPAddress,
    subnetPrefix: subnet.properties.addressPrefix,
    vnetId: normalizeId(readParentId(subnet.id)),
    adminUser: osProfile.adminUsername,
    authorizedKeys: listPublicKeys(osProfile),
    cloudConfig: decodeCloudConfig(osProfile),
  };
}

function presentInstance(vm: Resource<MachineProperties>): object {
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
