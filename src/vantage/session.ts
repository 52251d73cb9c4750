import type { SshTarget } from '../adapters/ssh/index.ts';
import type { SessionRef } from '../contract/vantage.ts';
import type { StepContext, Tools } from '../step/context.ts';

/** How to log in to a vantage: with the key derived for the run, and only if it shows the derived host key. */
export function locateSession(
  { address, adminUser }: SessionRef,
  tools: Pick<Tools, 'keysOf'>,
  { run }: Pick<StepContext, 'run'>,
): SshTarget {
  const { client, host } = tools.keysOf(run);
  return { host: address, username: adminUser, privateKey: client.privateKey, hostKey: host.publicKey };
}
