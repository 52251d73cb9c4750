import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Command } from 'commander';
import { z } from 'zod';
import { deriveRunKeys, type KeyOwner } from '../../adapters/ssh/keys.ts';
import { RuleError } from '../../config/lookup.ts';
import { readSecretFile } from '../../config/option-kinds.ts';
import { adminUser } from '../../config/rules.ts';
import { workflowType } from '../../contract/messages.ts';
import { formCommand } from '../../contract/shell.ts';
import type { SessionRef } from '../../contract/vantage.ts';
import { CommandError } from '../exit-code.ts';
import { readMemo } from '../memo.ts';
import { loadPayloadCodec } from '../payload-codec.ts';
import { findRun, readKind, withTemporal } from '../temporal.ts';
import { say } from '../terminal.ts';

/** Adds `ssh`: a session on a run's VM, with the key that workers derive, to the host key that they pin. */
export function addSshCommand(program: Command): void {
  program
    .command('ssh <id> [command...]')
    .description(
      "open a session on the VM of a run under way, or run a command there; needs the workers' HEPFLOW_KEY_SECRET_FILE",
    )
    .option('--print', 'print the ssh command instead; its key files are kept, remove them afterwards')
    .passThroughOptions()
    .action(async (id: string, words: string[], flags: { print?: boolean }) => {
      // Options end where the command begins, but nobody means to run one of this name.
      const print = flags.print === true || words[0] === '--print';
      const command = words[0] === '--print' ? words.slice(1) : words;
      const where = await findPlace(id);
      const folder = mkdtempSync(join(tmpdir(), 'hepflow-ssh-'));
      const args = [...prepareSsh(where, readKeySecret(), folder, process.env['HEPFLOW_SSH_PROXY']), ...command];
      if (print) return say(formCommand('ssh', ...args));
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

/** A vantage of a run, and how to log in to it. */
interface SshPlace extends SessionRef, KeyOwner {}

/** The call of a step that logs in to a vantage. Whoever may start a workflow can have written it. */
const loginCall = z.object({
  run: z.object({ runId: z.string().regex(/^[0-9a-f]{8,64}$/), firstExecutionRunId: z.string().max(64) }),
  input: z.object({ change: z.object({ address: z.ipv4(), adminUser }) }),
});

/** Where a recorded call of a step logs in; undefined for any other call, and for one that no run could have made. */
export function readLogin(call: unknown): SshPlace | undefined {
  const { data } = loginCall.safeParse(call);
  return data && { ...data.input.change, ...data.run };
}

/**
 * As the run's own steps were told: from the history, so no worker is needed. The last session that was opened counts.
 */
async function findPlace(workflowId: string): Promise<SshPlace> {
  const { history, namespace } = await withTemporal(async (client) => {
    const run = await findRun(client, workflowId);
    if ((await readKind(run)) === 'sweep')
      throw new CommandError(`${JSON.stringify(workflowId)} is a sweep: it has no VM.`);
    const { type, memo } = await run.describe();
    if (type !== workflowType)
      throw new CommandError(`The workflow ${JSON.stringify(workflowId)} is no run of hepflow.`);
    if (readMemo(memo)?.leftovers === 0)
      throw new CommandError(`The run ${workflowId} is over, and its VM is removed.`);
    return { history: await run.fetchHistory(), namespace: client.options.namespace };
  });
  const codec = loadPayloadCodec();
  for (const { activityTaskScheduledEventAttributes: scheduled } of (history.events ?? []).toReversed()) {
    const context = { type: 'workflow', namespace, workflowId } as const;
    const [decoded] = await codec.decode(scheduled?.input?.payloads?.slice(0, 1) ?? [], context);
    const place = readLogin(decoded && defaultPayloadConverter.fromPayload(decoded));
    if (place !== undefined) return place;
  }
  throw new CommandError(
    `The run ${workflowId} has no vantage yet. ${formCommand('hepflow', 'watch', workflowId)} shows how far it is.`,
  );
}

function readKeySecret(): Buffer {
  const file = process.env['HEPFLOW_KEY_SECRET_FILE'];
  if (!file)
    throw new CommandError(
      "HEPFLOW_KEY_SECRET_FILE is needed: the workers' secret, from which the run's key is derived.",
    );
  try {
    return readSecretFile({ value: file })();
  } catch (error) {
    if (error instanceof RuleError) throw new CommandError(`HEPFLOW_KEY_SECRET_FILE ${error.message} ${error.remedy}`);
    throw error;
  }
}

/** Arguments of OpenSSH's client; puts the key (mode 600) and a known_hosts with the one pinned key into the folder. */
export function prepareSsh(
  { address, adminUser: user, ...run }: SshPlace,
  secret: Buffer,
  folder: string,
  proxyUrl: string | undefined,
): string[] {
  const { client, host } = deriveRunKeys(secret, run);
  const [keyFile, knownHosts] = [join(folder, 'key'), join(folder, 'known_hosts')];
  writeFileSync(keyFile, client.privateKey, { mode: 0o600 });
  writeFileSync(knownHosts, `${address} ${host.publicKey}\n`, { mode: 0o600 });
  // The proxy's URL may hold a password: the helper reads it from the environment, so that no argument list shows it.
  const helper = fileURLToPath(
    new URL(`../connect-through-proxy.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
  );
  const proxy = proxyUrl ? ['-o', `ProxyCommand=${formCommand(process.execPath, helper)} %h %p`] : [];
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
    '--', // whatever follows is no option
    `${user}@${address}`,
  ];
}
