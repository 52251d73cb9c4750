import * as z from 'zod';
import { createArmError } from '../arm/errors.ts';
import { envelope, reference } from './type.ts';

/** ARM compares its enumerations without regard to case; Azure CLI writes this one `fromImage`. */
const fromImage = z.preprocess(
  (value) => (typeof value === 'string' && value.toLowerCase() === 'fromimage' ? 'FromImage' : value),
  z.literal('FromImage'),
);
const deleteOption = z.enum(['Delete', 'Detach']).default('Detach');

/** Body of a VM's PUT, as far as the lab understands it; the rest is kept and shown. */
export const machineBody = z.looseObject({
  ...envelope,
  location: z.string(),
  properties: z.looseObject({
    hardwareProfile: z.looseObject({
      vmSize: z.string().regex(/^(Standard|Basic)_\w+$/, { error: 'is not a VM size' }),
    }),
    storageProfile: z.looseObject({
      imageReference: z.looseObject({ publisher: z.string(), offer: z.string(), sku: z.string(), version: z.string() }),
      osDisk: z.looseObject({
        name: z.string().optional(),
        createOption: fromImage,
        deleteOption,
        diskSizeGB: z.int().optional(),
        managedDisk: z.looseObject({ storageAccountType: z.string().nullish() }).optional(),
      }),
    }),
    osProfile: z
      .looseObject({
        computerName: z.string(),
        adminUsername: z.string(),
        adminPassword: z.string().optional(),
        customData: z.string().optional(),
        linuxConfiguration: z
          .looseObject({
            disablePasswordAuthentication: z.boolean().optional(),
            ssh: z
              .looseObject({
                publicKeys: z.array(z.looseObject({ path: z.string(), keyData: z.string() })).default([]),
              })
              .optional(),
          })
          .optional(),
      })
      .optional(),
    networkProfile: z.looseObject({
      networkInterfaces: z
        .array(
          reference.extend({ properties: z.looseObject({ deleteOption, primary: z.boolean().optional() }).optional() }),
        )
        .min(1),
    }),
  }),
});
export type MachineBody = z.output<typeof machineBody>;
export type OsProfile = NonNullable<MachineBody['properties']['osProfile']>;

export type MachineProperties = MachineBody['properties'] & {
  provisioningState?: string;
  vmId: string;
  timeCreated: string;
  /** With customData and password, which GET never shows. */
  osProfile: OsProfile;
};

/** What `latest` resolves to. */
export const imageVersion = '24.04.202611010';

export const listPublicKeys = (profile: OsProfile): string[] =>
  profile.linuxConfiguration?.ssh?.publicKeys.map((key) => key.keyData.trim()) ?? [];

/** Text of a VM's customData, which travels as base64 of at most 64 KB. */
export const decodeCloudConfig = (profile: OsProfile): string =>
  Buffer.from(profile.customData ?? '', 'base64').toString('utf8');

/** Names that Azure refuses for the admin user (a part of its list). */
const reservedUsers = new Set(['root', 'admin', 'administrator', 'user', 'guest', 'test', 'sys', 'console']);

/** Refuses what Azure refuses in a new VM's osProfile. */
export function checkOsProfile(profile: OsProfile | undefined): OsProfile {
  const refuse = (text: string): never => {
    throw createArmError('InvalidParameter', { text });
  };
  if (profile === undefined) return refuse("required parameter 'osProfile' is missing");
  if (reservedUsers.has(profile.adminUsername.toLowerCase()))
    refuse(`osProfile.adminUsername '${profile.adminUsername}' is not allowed`);
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?$/.test(profile.computerName))
    refuse(`osProfile.computerName '${profile.computerName}' is not a Linux host name`);
  const keys = profile.linuxConfiguration?.ssh?.publicKeys ?? [];
  if (profile.adminPassword === undefined && keys.length === 0)
    refuse('authentication by password or SSH public key must be given');
  for (const { path, keyData } of keys) {
    if (path !== `/home/${profile.adminUsername}/.ssh/authorized_keys`)
      refuse(`SSH key path '${path}' is not that of the admin user`);
    if (!/^ssh-(rsa|ed25519) [A-Za-z0-9+/=]+/.test(keyData))
      refuse('linuxConfiguration.ssh.publicKeys.keyData is no ssh-rsa or ssh-ed25519 key in OpenSSH format');
  }
  const { customData = '' } = profile;
  const decoded = Buffer.from(customData, 'base64');
  if (decoded.toString('base64') !== customData || decoded.length > 64 * 1024)
    refuse('osProfile.customData must be base64 of at most 64 KB');
  return profile;
}

/**
 * Refuses a changed osProfile: everything in it is fixed at creation. What the new one leaves out counts as unchanged.
 */
export function refuseOsProfileChange(old: OsProfile, wanted: OsProfile | undefined): void {
  if (wanted === undefined) return;
  const changed = [
    ['osProfile.computerName', old.computerName !== wanted.computerName],
    ['osProfile.adminUsername', old.adminUsername !== wanted.adminUsername],
    ['osProfile.customData', wanted.customData !== undefined && old.customData !== wanted.customData],
    [
      'linuxConfiguration.ssh.publicKeys',
      wanted.linuxConfiguration !== undefined && String(listPublicKeys(old)) !== String(listPublicKeys(wanted)),
    ],
  ] as const;
  const first = changed.find(([, differs]) => differs);
  if (first !== undefined) throw createArmError('PropertyChangeNotAllowed', { text: first[0] });
}
