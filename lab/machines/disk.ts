import { chown, mkdir, writeFile } from 'node:fs/promises';
import type { VmBoot } from '../azure/network/data-plane.ts';
import { run } from '../process/run.ts';
import type { CloudInit } from './cloud-init.ts';

/** The admin user's ids, as on Azure's Ubuntu images. */
const adminId = 1000;

const sshdConfig = `
Port 22
ListenAddress 0.0.0.0
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile none
UsePAM no
UseDNS no
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile .ssh/authorized_keys
PrintMotd no
MaxStartups 100
SetEnv PATH=/usr/local/bin:/usr/bin:/bin
Subsystem sftp internal-sftp
`;

/**
 * Writes what differs between this machine and the host that it shares its programs with: users, home, sshd's
 * configuration and host key.
 */
export async function writeDisk(directory: string, vm: VmBoot, init: CloudInit): Promise<void> {
  for (const folder of ['ssh', 'home']) await mkdir(`${directory}/${folder}`, { recursive: true, mode: 0o755 });
  await Promise.all([
    writeUsers(directory, vm.adminUser),
    writeHome(directory, vm),
    writeSshd(`${directory}/ssh`, vm, init),
  ]);
}

async function writeUsers(directory: string, adminUser: string): Promise<void> {
  const passwd = [
    'root:x:0:0:root:/root:/bin/bash',
    'sshd:x:100:65534::/run/sshd:/usr/sbin/nologin',
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
    `${adminUser}:x:${adminId}:${adminId}::/home/${adminUser}:/bin/bash`,
  ];
  // `*` allows no password but is not locked: sshd without PAM would refuse a locked account (`!`) its key as well
  const shadow = passwd.map((line) => `${line.split(':')[0]}:*:19000:0:99999:7:::`);
  await writeFile(`${directory}/passwd`, `${passwd.join('\n')}\n`, { mode: 0o644 });
  await writeFile(`${directory}/shadow`, `${shadow.join('\n')}\n`, { mode: 0o600 });
  await writeFile(`${directory}/group`, `root:x:0:\nnogroup:x:65534:\n${adminUser}:x:${adminId}:\n`, { mode: 0o644 });
}

async function writeHome(directory: string, vm: VmBoot): Promise<void> {
  const home = `${directory}/home/${vm.adminUser}`;
  await mkdir(`${home}/.ssh`, { recursive: true, mode: 0o700 });
  await writeFile(`${home}/.ssh/authorized_keys`, `${vm.authorizedKeys.join('\n')}\n`, { mode: 0o600 });
  for (const path of [home, `${home}/.ssh`, `${home}/.ssh/authorized_keys`]) await chown(path, adminId, adminId);
}

async function writeSshd(directory: string, vm: VmBoot, init: CloudInit): Promise<void> {
  const key = `${directory}/ssh_host_ed25519_key`;
  await writeFile(`${directory}/sshd_config`, sshdConfig);
  if (init.hostKey === undefined) {
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', `root@${vm.computerName}`, '-f', key]);
    return;
  }
  await writeFile(key, init.hostKey.private, { mode: 0o600 });
  await writeFile(`${key}.pub`, init.hostKey.public);
}
