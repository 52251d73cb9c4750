import type { RunRef, StepInput } from '../../contract/steps.ts';
import { namesOf, tagsOf } from '../../ownership/names.ts';

/** What the VM's body needs beside the step's input. */
export interface VmKeys {
  /** Public key of the admin user, one line, ed25519. */
  readonly clientPublicKey: string;
  /** `#cloud-config` text; holds the host's private key (W7). */
  readonly cloudConfig: string;
}

/** The probe VM in one size. Its OS disk goes with it; interface and address stay, because the run deletes them in its own order. */
export function vmBody(run: RunRef, input: StepInput<'createVm'>, size: string, keys: VmKeys) {
  const names = namesOf(run.runId);
  return {
    location: run.location,
    tags: tagsOf(run),
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
    osProfile: osProfile(names.vm, input.adminUser, keys),
    networkProfile: { networkInterfaces: [{ id: input.interfaceId, primary: true, deleteOption: 'Detach' }] },
    // Without a storage account: Azure's own. It is what one reads when SSH never answers.
    diagnosticsProfile: { bootDiagnostics: { enabled: true } },
    ...security(size),
  };
}

function osProfile(computerName: string, adminUsername: string, { clientPublicKey, cloudConfig }: VmKeys) {
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

/** Said explicitly, because Azure's default changed in 2026. Sizes of the first generation (A, Basic) cannot do it; ours of the B series can. */
function security(size: string) {
  return /^(Basic_A|Standard_A\d)/i.test(size)
    ? {}
    : {
        securityProfile: {
          securityType: 'TrustedLaunch',
          uefiSettings: { secureBootEnabled: true, vTpmEnabled: true },
        },
      };
}
