import type { VmImage } from '../../contract/mission.ts';
import type { RunRef } from '../../contract/run.ts';
import { createIds, nameResources } from '../../ownership/names.ts';
import type { Tagged } from '../azure-resource.ts';

export interface VmInput extends Tagged {
  /** To try in order when one is not available. */
  readonly sizes: readonly string[];
  readonly image: VmImage;
  readonly adminUser: string;
}

/** What the VM's body needs beside the step's input. */
export interface VmSecrets {
  /** Public key of the admin user, one line, ed25519. */
  readonly clientPublicKey: string;
  /** `#cloud-config` text; holds the host's private key (W7). */
  readonly cloudConfig: string;
}

/**
 * The probe VM in one size. Its OS disk goes with it; interface and address stay, because the run deletes them in its
 * own order.
 */
export function createVmBody(run: RunRef, input: VmInput, size: string, keys: VmSecrets) {
  const names = nameResources(run.runId);
  return {
    location: run.location,
    hardwareProfile: { vmSize: size },
    storageProfile: {
      imageReference: { ...input.image },
      osDisk: {
        name: names.osDisk,
        createOption: 'FromImage',
        deleteOption: 'Delete',
        managedDisk: { storageAccountType: 'StandardSSD_LRS' },
      },
    },
    osProfile: describeOs(names.vm, input.adminUser, keys),
    networkProfile: { networkInterfaces: [{ id: createIds(run).interface, primary: true, deleteOption: 'Detach' }] },
    // Without a storage account: Azure's own. It is what one reads when SSH never answers.
    diagnosticsProfile: { bootDiagnostics: { enabled: true } },
    ...describeSecurity(size),
  };
}

function describeOs(computerName: string, adminUsername: string, { clientPublicKey, cloudConfig }: VmSecrets) {
  return {
    computerName,
    adminUsername,
    customData: Buffer.from(cloudConfig).toString('base64'),
    linuxConfiguration: {
      disablePasswordAuthentication: true,
      ssh: { publicKeys: [{ path: `/home/${adminUsername}/.ssh/authorized_keys`, keyData: clientPublicKey }] },
    },
  };
}

/**
 * Said explicitly, because Azure's default changed in 2026. Sizes of the first generation (A, Basic) cannot do it; ours
 * of the B series can.
 */
function describeSecurity(size: string) {
  return /^(Basic_A|Standard_A\d)/i.test(size)
    ? {}
    : {
        securityProfile: {
          securityType: 'TrustedLaunch',
          uefiSettings: { secureBootEnabled: true, vTpmEnabled: true },
        },
      };
}
