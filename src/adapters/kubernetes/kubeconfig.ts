/** A kubeconfig as kubectl reads it, as far as its author is trusted. */
import { isAbsolute, join } from 'node:path';
import { KubeConfig, loadYaml } from '@kubernetes/client-node';
import { KubernetesError } from './error.ts';
import { type Plugin, readPlugin } from './plugin.ts';

/** A token, and when it ends: as @azure/identity gives it. */
export interface OwnToken {
  readonly token: string;
  readonly expiresOnTimestamp: number;
}

/** Whose words a kubeconfig is. */
export type KubeconfigOrigin =
  /**
   * Azure's answer: it names no file, proxy or program of this machine, and no server without TLS. In the place of
   * kubelogin the worker's own Azure credential gives the token.
   */
  | { readonly by: 'azure'; tokenOf(scope: string): Promise<OwnToken> }
  /** The operator's own file: relative paths begin at its folder, and its plugin is run. */
  | { readonly by: 'operator'; readonly folder: string };

export interface Kubeconfig {
  /** Without plugins. */
  readonly config: KubeConfig;
  readonly server: string;
  readonly plugin: Plugin | undefined;
  /** A file with a token, which somebody may write anew. */
  readonly tokenFile: string | undefined;
}

type ConfigFields = Record<string, unknown>;

/** @throws KubernetesError `Unauthorized` when the kubeconfig cannot be read or used. */
export function readKubeconfig(text: string, origin: KubeconfigOrigin): Kubeconfig {
  const { config, sources } = parse(text, origin);
  const context = config.getContextObject(config.getCurrentContext() ?? '');
  const cluster = config.getCurrentCluster();
  if (!context || !cluster) throw refuse('The kubeconfig has no current context with a cluster.');
  refuseAuthProvider(config);
  const server = cluster.server.replace(/\/+$/, '');
  if (origin.by === 'azure' && !server.startsWith('https://'))
    throw refuse('The kubeconfig of Azure names a server without TLS, which hepflow does not take from there.');
  const { exec, tokenFile } = sources.get(context.user) ?? {};
  return { config, server, plugin: exec && readPlugin(exec, cluster), tokenFile };
}

interface Source {
  readonly exec: ConfigFields | undefined;
  readonly tokenFile: string | undefined;
}

interface Parsed {
  readonly config: KubeConfig;
  /** Where a user's credential comes from, by the user's name. */
  readonly sources: ReadonlyMap<string, Source>;
}

function parse(text: string, origin: KubeconfigOrigin): Parsed {
  const config = new KubeConfig();
  try {
    const whole = loadYaml<ConfigFields | null>(text) ?? {};
    const clusters = partsOf(whole, 'clusters', 'cluster');
    const users = partsOf(whole, 'users', 'user');
    if (origin.by === 'azure') refuseForeign([...clusters, ...users]);
    else resolvePaths([...clusters, ...users], origin.folder);
    const sources = new Map(users.map(({ name, fields }) => [name, takeSource(fields)]));
    config.loadFromString(JSON.stringify(whole));
    return { config, sources };
  } catch (cause) {
    if (cause instanceof KubernetesError) throw cause;
    // The cause's message may quote the kubeconfig, so it is not repeated (W7).
    throw refuse(`The kubeconfig cannot be read (${cause instanceof Error ? cause.name : 'unknown error'}).`);
  }
}

interface ConfigPart {
  readonly name: string;
  readonly fields: ConfigFields;
}

const isFields = (value: unknown): value is ConfigFields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function partsOf(whole: ConfigFields, list: string, inner: string): readonly ConfigPart[] {
  const all = whole[list];
  return (Array.isArray(all) ? all : []).flatMap((each: unknown): ConfigPart[] => {
    if (!isFields(each)) return [];
    const fields = each[inner];
    return isFields(fields) ? [{ name: String(each['name']), fields }] : [];
  });
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '' && value !== false;

function refuseAuthProvider(config: KubeConfig): void {
  const found: unknown = config.getCurrentUser()?.authProvider;
  if (!isFields(found)) return;
  throw refuse(
    `The kubeconfig names the auth-provider ${String(found['name'])}, which was removed from Kubernetes clients: ` +
      'run kubelogin convert-kubeconfig.',
  );
}

const paths = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];
const foreign = ['proxy-url', 'insecure-skip-tls-verify', ...paths];

function refuseForeign(parts: readonly ConfigPart[]): void {
  const found = foreign.filter((field) => parts.some(({ fields }) => isGiven(fields[field])));
  const commands = parts.flatMap(({ fields: { exec } }) => (isFields(exec) ? [exec['command']] : []));
  const stranger = commands.find((command) => command !== 'kubelogin');
  const named = [...found, ...(stranger === undefined ? [] : [`the credential plugin ${String(stranger)}`])];
  if (named.length === 0) return;
  throw refuse(
    `The kubeconfig of Azure names ${named.join(', ')}, which hepflow does not take from there. ` +
      'If you trust it, save it as a file and name that in HEPFLOW_KUBECONFIG.',
  );
}

/** As kubectl: a command is a path when it has a slash. */
function resolvePaths(parts: readonly ConfigPart[], folder: string): void {
  const resolve = (fields: ConfigFields, field: string, applies: (path: string) => boolean): void => {
    const path = fields[field];
    if (typeof path === 'string' && path !== '' && applies(path) && !isAbsolute(path))
      fields[field] = join(folder, path);
  };
  for (const { fields } of parts) {
    for (const field of paths) resolve(fields, field, () => true);
    if (isFields(fields['exec'])) resolve(fields['exec'], 'command', (command) => command.includes('/'));
  }
}

/**
 * client-node would run a plugin without a limit, with the whole environment. It reads no tokenFile, but a `token-file`
 * that kubectl does not know.
 */
function takeSource(fields: ConfigFields): Source {
  const { exec, tokenFile } = fields;
  delete fields['exec'];
  delete fields['token-file'];
  return {
    exec: isFields(exec) ? exec : undefined,
    tokenFile: typeof tokenFile === 'string' && tokenFile !== '' ? tokenFile : undefined,
  };
}

const refuse = (message: string): KubernetesError => new KubernetesError(0, 'Unauthorized', message);
