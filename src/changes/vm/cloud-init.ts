/** A host key in OpenSSH's forms: one-line public key, PEM private key. */
export interface HostKeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

/**
 * The VM's cloud-config: the given ed25519 host key and no other, no passwords, and nothing that delays the boot.
 * With `ssh_keys` given cloud-init generates none of its own. JSON is YAML, so nothing needs quoting. It holds a
 * private key (W7).
 */
export function createCloudConfig(host: HostKeyPair): string {
  const config = {
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: host.privateKey, ed25519_public: `${host.publicKey}\n` },
    ssh_pwauth: false,
    disable_root: true,
    no_ssh_fingerprints: true,
    ssh: { emit_keys_to_console: false },
    package_update: false,
    package_upgrade: false,
    package_reboot_if_required: false,
    // Nothing may fight for the CPU of the smallest sizes while the run waits for SSH.
    bootcmd: [
      [
        'systemctl',
        'mask',
        '--now',
        '--no-block',
        'apt-daily.timer',
        'apt-daily-upgrade.timer',
        'unattended-upgrades.service',
      ],
    ],
  };
  return `#cloud-config\n${JSON.stringify(config, null, 2)}\n`;
}
