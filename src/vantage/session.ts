import type { SshTarget } from '../adapters/ssh/index.ts';
import type { SshTarget as Where } from '../contract/steps.ts';
import type { StepContext, Tools } from '../step/context.ts';

/** How to log in to the run's VM: with the derived key, and only if it shows the derived host key. */
export function sshTo(
  { address, adminUser }: Where,
  tools: Pick<Tools, 'keysOf'>,
  { run }: Pick<StepContext, 'run'>,
): SshTarget {
  const { client, host } = tools.keysOf(run.runId);
  return { host: address, username: adminUser, privateKey: client.privateKey, hostKey: host.publicKey };
}
