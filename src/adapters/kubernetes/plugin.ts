/**
 * A credential plugin of a kubeconfig (client.authentication.k8s.io): what it is told, and what it gives. It asks
 * nobody: it has no terminal and no input.
 */
import { basename } from 'node:path';
import type { Cluster as NamedCluster } from '@kubernetes/client-node';
import { KubernetesError } from './error.ts';
import { runProgram } from './program.ts';

export interface Plugin {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What the plugin's authors say about installing it; may be empty. */
  readonly installHint: string;
  /** Whether it only works with a person at a terminal. */
  readonly isInteractive: boolean;
  /** KUBERNETES_EXEC_INFO. */
  readonly info: string;
}

/** What proves who calls: a token, or a client certificate. */
export interface Credential {
  readonly token?: string;
  /** PEM. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  readonly expiresAtMs: number;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The `exec` of a user, whose command is a name of PATH or an absolute path. */
export function readPlugin(exec: Readonly<Record<string, unknown>>, cluster: NamedCluster): Plugin {
  const command = textOf(exec['command']);
  if (command === '') throw new KubernetesError(0, 'Unauthorized', 'The kubeconfig names a plugin without a command.');
  const spec = { interactive: false, ...(exec['provideClusterInfo'] === true && { cluster: describe(cluster) }) };
  return {
    command,
    args: listOf(exec['args']).map(String),
    env: Object.fromEntries(
      listOf(exec['env']).map((each) => {
        const { name, value } = each as { name?: unknown; value?: unknown };
        return [String(name), String(value ?? '')];
      }),
    ),
    installHint: textOf(exec['installHint']),
    isInteractive: exec['interactiveMode'] === 'Always',
    info: JSON.stringify({ kind: 'ExecCredential', apiVersion: textOf(exec['apiVersion']), spec }),
  };
}

const describe = ({ server, tlsServerName, skipTLSVerify, caData, proxyUrl }: NamedCluster): object => ({
  ...{ server, 'tls-server-name': tlsServerName, 'insecure-skip-tls-verify': skipTLSVerify },
  ...{ 'certificate-authority-data': caData, 'proxy-url': proxyUrl },
});

/** What a plugin needs of the worker's environment: to find itself, its caches, and the network. */
const passed =
  /^(PATH|HOME|USER|LOGNAME|TMPDIR|LANG|LC_\w+|SSL_CERT_(FILE|DIR)|(https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY)$/;
/** kubelogin also takes its own login from there. */
const passedToKubelogin = /^(AZURE|AAD|IDENTITY|MSI)_\w+$/;

const isKubelogin = ({ command }: Plugin): boolean => basename(command) === 'kubelogin';

export function selectEnvironment(plugin: Plugin, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const names = Object.keys(env).filter(
    (name) => passed.test(name) || (isKubelogin(plugin) && passedToKubelogin.test(name)),
  );
  return {
    ...Object.fromEntries(names.map((name) => [name, env[name]])),
    ...plugin.env,
    KUBERNETES_EXEC_INFO: plugin.info,
  };
}

/** Words of a login that waits for a person: kubelogin's and Entra's. */
const asksSomebody =
  /devicelogin|https:\/\/\S+\/device\b|device ?code|enter the code|open (a|the|your) (web )?browser/i;

const askPerson =
  'it waits for a person to sign in, and nobody sees it here. Use a login without a person: ' +
  'kubelogin convert-kubeconfig -l workloadidentity (or msi, spn, azurecli)';

/** Runs the plugin; it is ended with the limit, with the signal, and as soon as it asks a person. */
export async function runPlugin(plugin: Plugin, timeoutMs: number, signal: AbortSignal): Promise<Credential> {
  if (plugin.isInteractive) throw fail(plugin, askPerson);
  const { command, args } = plugin;
  const ended = await runProgram({
    ...{ command, args, env: selectEnvironment(plugin), timeoutMs, signal, endOn: asksSomebody },
  });
  const words = ended.stderr === '' ? '' : ` It reported: ${ended.stderr}`;
  switch (ended.how) {
    case 'missing':
      throw fail(plugin, `it is not installed here (${ended.why}). ${howToInstall(plugin)}`);
    case 'asked':
      throw fail(plugin, `${askPerson}.${words}`);
    case 'late':
      throw fail(plugin, `no credential within ${timeoutMs} ms.${words}`);
    case 'cancelled':
      throw fail(plugin, 'it was ended, because its credential is no longer needed');
    case 'verbose':
      throw fail(plugin, `it gave more than ${ended.limit} bytes.${words}`);
    case 'failed':
      throw fail(plugin, `${ended.why}.${words}`);
    case 'done':
      return readCredential(plugin, ended.stdout);
  }
}

const howToInstall = (plugin: Plugin): string =>
  isKubelogin(plugin)
    ? 'Install it (https://azure.github.io/kubelogin), or leave HEPFLOW_KUBECONFIG out: the worker needs no ' +
      'kubelogin with the kubeconfig that Azure gives.'
    : plugin.installHint || 'Install it, or correct exec.command of the kubeconfig.';

/** What it printed may hold a token, so it is not repeated (W7). */
function readCredential(plugin: Plugin, stdout: string): Credential {
  const status = statusIn(stdout);
  const token = textOf(status['token']);
  const [cert, key] = [textOf(status['clientCertificateData']), textOf(status['clientKeyData'])];
  if (token === '' && (cert === '' || key === '')) throw fail(plugin, 'what it printed is no ExecCredential');
  const expiresAtMs = Date.parse(textOf(status['expirationTimestamp']));
  return {
    ...(token !== '' && { token }),
    ...(cert !== '' && key !== '' && { certificate: { cert, key } }),
    expiresAtMs: Number.isNaN(expiresAtMs) ? Number.POSITIVE_INFINITY : expiresAtMs,
  };
}

function statusIn(stdout: string): Readonly<Record<string, unknown>> {
  try {
    const found = JSON.parse(stdout) as { kind?: unknown; status?: unknown } | null;
    if (found?.kind === 'ExecCredential' && typeof found.status === 'object' && found.status !== null)
      return found.status as Record<string, unknown>;
  } catch {
    // told by the caller
  }
  return {};
}

const fail = ({ command }: Plugin, why: string): KubernetesError =>
  new KubernetesError(0, 'Unauthorized', `The credential plugin ${command} failed: ${why}`);
