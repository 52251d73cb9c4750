import { readFile } from 'node:fs/promises';
import { KubernetesError } from './error.ts';
import type { Kubeconfig, KubeconfigOrigin } from './kubeconfig.ts';
import { type Credential, type Plugin, runPlugin } from './plugin.ts';

/** Entra's application of every AKS API server, in all clouds. */
const aksServerId = '6dae42f8-4368-4678-94ff-3960e28e3630';

/** A token is renewed so long before its end. */
const renewEarlierMs = 2 * 60_000;

/** As kubectl, for a file that somebody may write anew. */
const readAgainMs = 60_000;

/** What the kubeconfig itself does not hold: the credential of its plugin, or the token of its file. */
export async function obtainCredential(
  { plugin, tokenFile }: Kubeconfig,
  origin: KubeconfigOrigin,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Credential> {
  if (tokenFile !== undefined) return await readToken(tokenFile);
  if (plugin === undefined) return { expiresAtMs: Number.POSITIVE_INFINITY };
  if (origin.by === 'operator') return await runPlugin(plugin, timeoutMs, signal);
  const { token, expiresOnTimestamp } = await origin.tokenOf(`${readServerId(plugin)}/.default`);
  return { token, expiresAtMs: expiresOnTimestamp - renewEarlierMs };
}

async function readToken(file: string): Promise<Credential> {
  try {
    return { token: (await readFile(file, 'utf8')).trim(), expiresAtMs: Date.now() + readAgainMs };
  } catch (cause) {
    throw new KubernetesError(0, 'Unauthorized', `The kubeconfig cannot be used: ${(cause as Error).message}`);
  }
}

/** Only AKS's own: a token of another application, such as Resource Manager's, is not for a cluster to see. */
function readServerId({ args }: Plugin): string {
  const joined = args.find((arg) => arg.startsWith('--server-id='))?.slice('--server-id='.length);
  const at = args.indexOf('--server-id');
  const id = (joined ?? (at < 0 ? '' : (args[at + 1] ?? ''))).toLowerCase();
  if (id === aksServerId) return id;
  throw new KubernetesError(
    0,
    'Unauthorized',
    `The kubeconfig of Azure asks for a token of ${id === '' ? 'no application' : id}, not of AKS (${aksServerId}). ` +
      'If you trust it, save it as a file, name that in HEPFLOW_KUBECONFIG, and install kubelogin.',
  );
}
