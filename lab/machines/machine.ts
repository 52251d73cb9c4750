import { existsSync } from 'node:fs';
import { appendFile, mkdir, rm } from 'node:fs/promises';
import type { VmBoot } from '../azure/network/data-plane.ts';
import { startChild } from '../process/child.ts';
import type { LabScope } from '../scope.ts';
import { readCloudConfig } from './cloud-init.ts';
import { writeDisk } from './disk.ts';

export interface MachineOptions {
  /** The machine's network namespace, with its address on eth0. */
  readonly netns: string;
  /** From the start to sshd's first answer; connections are refused until then. */
  readonly bootDelayMs: number;
}

/** A running machine. */
export interface Machine {
  /** Kills every process of the machine and deletes its disk. */
  stop(): Promise<void>;
}

/**
 * First process of a machine, in mount, UTS, IPC and process namespaces of its own. Arguments: disk folder, host name,
 * boot delay in seconds. The home is mounted before /run is covered, since the lab's folders are below it.
 */
const init = `
set -e
hostname "$2"
mount --bind "$1/ssh" /etc/ssh
for file in passwd shadow group; do mount --bind "$1/$file" "/etc/$file"; done
mount --bind "$1/home" /home
touch "$1/booting"
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -m 755 /run/sshd
sleep "$3"
exec /usr/sbin/sshd -D -e
`;

/**
 * Starts a machine: real OpenSSH and the host's programs, with users, home, host name and processes of its own.
 * Resolves once it boots; sshd answers later. It ends with the lab: startChild ties `unshare` to the lab's process,
 * `--kill-child` ties the machine's first process to `unshare`, and all others end with that one.
 */
export async function startMachine(scope: LabScope, vm: VmBoot, options: MachineOptions): Promise<Machine> {
  const disk = `${scope.directory}/machines/${options.netns}`;
  const logFile = `${scope.logs}/vm-${vm.computerName}.log`;
  const cloudInit = readCloudConfig(vm.cloudConfig);
  await mkdir(scope.logs, { recursive: true });
  await appendFile(logFile, [`boot of ${vm.id}`, ...cloudInit.notes].map((line) => `cloud-init: ${line}\n`).join(''));
  await rm(disk, { recursive: true, force: true });
  await writeDisk(disk, vm, cloudInit);
  const child = await startChild({
    name: `vm-${vm.computerName}`,
    command: [
      'unshare',
      '--mount',
      '--uts',
      '--ipc',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'sh',
      '-c',
      init,
      'init',
      disk,
      vm.computerName,
      String(options.bootDelayMs / 1000),
    ],
    netns: options.netns,
    logFile,
    ready: async () => existsSync(`${disk}/booting`),
  });
  return {
    stop: async () => {
      await child.stop(0); // unshare holds back TERM while it waits for its child
      await rm(disk, { recursive: true, force: true });
    },
  };
}
