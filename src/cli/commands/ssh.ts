import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Command } from 'commander';
import { deriveRunKeys } from '../../adapters/ssh/keys.ts';
import { RuleError } from '../../config/lookup.ts';
import { secretFile } from '../../config/option-kinds.ts';
import type { Call, SshTarget } from '../../contract/steps.ts';
import { CommandError } from '../exit-code.ts';
import { payloadCodec } from '../payload-codec.ts';
import { runOf, withTemporal } from '../temporal.ts';

/** Adds `ssh`: a session on a run's VM, with the key that workers derive, to the host key that they pin. */
export function addSshCommand(program: Command): void {
  program
    .command('ssh <id> [command...]')
    .description(
      "open a session on the VM of a run under way, or run a command there; needs the workers' HEPFLOW_KEY_SECRET_FILE",
    )
    .option('--print', 'print the ssh command instead; its key files are kept, remove them afterwards')
    .passThroughOptions()
    .action(async (id: string, command: string[], { print }: { print?: boolean }) => {
      const where = await vmOf(id);
      const folder = mkdtempSync(join(tmpdir(), 'hepflow-ssh-'));
      const args = [...sshArguments(where, keySecret(), folder, process.env['HEPFLOW_SSH_PROXY']), ...command];
      if (print) return void process.stdout.write(`${['ssh', ...args].map(quoted).join(' ')}\n`);
      try {
        const child = spawn('ssh', args, { stdio: 'inherit' });
        const [code] = (await Promise.race([once(child, 'exit'), once(child, 'error').then(() => [127])])) as [
          number | null,
        ];
        if (code === 127) process.stderr.write('ssh ended with exit code 127; is the OpenSSH client installed?\n');
        process.exitCode = code ?? 255;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
}

interface VmPlace extends SshTarget {
  readonly runId: string;
}

/** Address and user as the run's own SSH step was told: from the history, so no worker is needed. */
async function vmOf(workflowId: string): Promise<VmPlace> {
  const history = await withTemporal(async (client) => (await runOf(client, workflowId)).fetchHistory());
  for (const { activityTaskScheduledEventAttributes: scheduled } of history.events ?? []) {
    const [payload] = scheduled?.input?.payloads ?? [];
    if (scheduled?.activityType?.name !== 'awaitSsh' || !payload) continue;
    const [decoded = payload] = await payloadCodec().decode([payload]);
    const { run, input } = defaultPayloadConverter.fromPayload<Call<SshTarget>>(decoded);
    return { ...input, runId: run.runId };
  }
  throw new CommandError(`The run ${workflowId} has no VM yet. hepflow watch ${workflowId} shows how far it is.`);
}

function keySecret(): Buffer {
  const file = process.env['HEPFLOW_KEY_SECRET_FILE'];
  if (!file)
    throw new CommandError(
      "HEPFLOW_KEY_SECRET_FILE is needed: the workers' secret, from which the run's key is derived.",
    );
  try {
    return secretFile({ value: file })();
  } catch (error) {
    if (error instanceof RuleError) throw new CommandError(`HEPFLOW_KEY_SECRET_FILE ${error.message} ${error.remedy}`);
    throw error;
  }
}

/** Arguments of OpenSSH's client; puts the key (mode 600) and a known_hosts with the one pinned key into the folder. */
export function sshArguments(
  { address, adminUser, runId }: VmPlace,
  secret: Buffer,
  folder: string,
  proxyUrl: string | undefined,
): string[] {
  const { client, host } = deriveRunKeys(secret, runId);
  const [keyFile, knownHosts] = [join(folder, 'key'), join(folder, 'known_hosts')];
  writeFileSync(keyFile, client.privateKey, { mode: 0o600 });
  writeFileSync(knownHosts, `${address} ${host.publicKey}\n`, { mode: 0o600 });
  // The proxy's URL may hold a password: the helper reads it from the environment, so that no argument list shows it.
  const helper = fileURLToPath(
    new URL(`../connect-through-proxy.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
  );
  const proxy = proxyUrl ? ['-o', `ProxyCommand=${quoted(process.execPath)} ${quoted(helper)} %h %p`] : [];
  return [
    ...['-F', 'none', '-i', keyFile, '-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none'],
    ...[
      '-o',
      `UserKnownHostsFile=${knownHosts}`,
      '-o',
      'StrictHostKeyChecking=yes',
      '-o',
      'HostKeyAlgorithms=ssh-ed25519',
      '-o',
      'LogLevel=ERROR',
    ],
    ...proxy,
    `${adminUser}@${address}`,
  ];
}

/** A word as a POSIX shell reads it back. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
