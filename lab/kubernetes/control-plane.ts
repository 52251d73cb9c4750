import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import type { Authority } from '../certificates.ts';
import { type Child, readTail, startChild } from '../process/child.ts';
import { startOnFreePorts } from '../process/free-ports.ts';
import { addresses, type LabScope } from '../scope.ts';
import { type Api, createApi, type KubernetesObject } from './api.ts';
import { auditing, locateAuditLog, readCreations } from './audit.ts';
import { createUsers, formatKubeconfig, type User, type Users } from './users.ts';

export type ControlPlanePrograms = Readonly<Record<'etcd' | 'kube-apiserver', string>>;

export interface ControlPlaneOptions {
  readonly scope: LabScope;
  readonly authority: Authority;
  readonly programs: ControlPlanePrograms;
  /** CustomResourceDefinitions that are served when the control plane is ready. */
  readonly crds?: readonly object[];
}

/** Real etcd and kube-apiserver on the host's loopback. */
export interface ControlPlane {
  /** `https://127.0.0.1:<port>`. */
  readonly apiServer: string;
  /** Port of the API server on the host's loopback. */
  readonly port: number;
  readonly adminKubeconfigFile: string;
  /** Text of a kubeconfig: a secret. */
  kubeconfigFor(user: User): string;
  clientFor(user: User): KubeConfig;
  /** The lab's own calls, as admin. */
  readonly api: Api;
  /** SIGKILL: no grace. What etcd has written stays. */
  kill(...servers: readonly ServerName[]): Promise<void>;
  /** Starts what was killed again, on the same ports and data; ready when every custom resource is served again. */
  restart(): Promise<void>;
  /** Every service and global network policy that the worker's user created, as `<resource> <namespace>`, in order, from the API server's audit log. */
  creations(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export type ServerName = keyof ControlPlanePrograms;

/** Starts etcd and kube-apiserver side by side; ready when the first namespaces and the given custom resources are there. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { scope, authority } = options;
  const directory = join(scope.directory, 'kubernetes');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  mkdirSync(scope.logs, { recursive: true });
  const certificate = await authority.issue('kube-apiserver', {
    dns: ['localhost', 'kubernetes.default.svc'],
    ips: ['127.0.0.1'],
  });
  const users = createUsers(directory);
  const servers = await startOnFreePorts(scope, ['etcd', 'etcdPeer', 'apiServer'], (ports) =>
    startServers({ ...options, directory, certificate, users, ports }),
  );
  const { port } = servers;
  const apiServer = `https://127.0.0.1:${port}`;
  const kubeconfigFor = (user: User): string => formatKubeconfig(apiServer, authority.caPem, user, users.tokens[user]);
  const clientFor = (user: User): KubeConfig => {
    const config = new KubeConfig();
    config.loadFromString(kubeconfigFor(user));
    return config;
  };
  const adminKubeconfigFile = join(directory, 'admin.kubeconfig');
  writeFileSync(adminKubeconfigFile, kubeconfigFor('admin'), { mode: 0o600 });
  const api = createApi(apiServer, authority.caPem, users.tokens.admin);
  const stop = async (): Promise<void> => {
    api.close();
    await servers.kill('kube-apiserver', 'etcd');
  };
  const crds = (options.crds ?? []) as readonly CustomResourceDefinition[];
  const restart = async (): Promise<void> => {
    await servers.restart();
    await waitUntilServed(api, [...firstObjects, ...crds.flatMap(listCollections)]);
  };
  try {
    await Promise.all([waitUntilServed(api, firstObjects), establish(api, crds)]);
  } catch (error) {
    await stop();
    throw error;
  }
  const creations = (): Promise<readonly string[]> => readCreations(locateAuditLog(directory));
  return {
    apiServer,
    port,
    adminKubeconfigFile,
    kubeconfigFor,
    clientFor,
    api,
    kill: servers.kill,
    restart,
    creations,
    stop,
  };
}

interface Servers extends ControlPlaneOptions {
  readonly directory: string;
  readonly certificate: { readonly certFile: string; readonly keyFile: string };
  readonly users: Users;
  readonly ports: Readonly<Record<'etcd' | 'etcdPeer' | 'apiServer', number>>;
}

interface RunningServers extends Pick<ControlPlane, 'port' | 'kill' | 'restart'> {}

async function startServers(servers: Servers): Promise<RunningServers> {
  const { scope, authority, users, ports } = servers;
  const logOf = (name: string): string => join(scope.logs, `${name}.log`);
  const commands = { etcd: buildEtcdCommand(servers), 'kube-apiserver': buildApiServerCommand(servers) };
  const children = new Map<ServerName, Child>();
  /** KILL, in the given order: kube-apiserver would take 40 s to obey TERM once etcd is gone. */
  const kill = async (...names: readonly ServerName[]): Promise<void> => {
    for (const name of names) await children.get(name)?.stop(0);
    for (const name of names) children.delete(name);
  };
  /** What is not running, etcd first; until it answers. */
  const restart = async (): Promise<void> => {
    for (const name of ['etcd', 'kube-apiserver'] as const)
      if (!children.has(name))
        children.set(name, await startChild({ name, command: commands[name], logFile: logOf(name) }));
    const probe = createApi(`https://127.0.0.1:${ports.apiServer}`, authority.caPem, users.tokens.admin);
    try {
      // Both at once: kube-apiserver would wait for ever for an etcd that has ended.
      await waitUntilReady([...children.values()], logOf, async () => (await probe.read<string>('/readyz')) === 'ok');
    } finally {
      probe.close();
    }
  };
  try {
    await restart();
  } catch (error) {
    await kill('kube-apiserver', 'etcd');
    throw error;
  }
  return { port: ports.apiServer, kill, restart };
}

async function waitUntilReady(
  children: readonly Child[],
  logOf: (name: string) => string,
  ready: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + 60_000;
  const anEnd = Promise.race(children.map((child) => child.ended.then(() => child)));
  for (;;) {
    const seen = await Promise.race([ready().catch(() => false), anEnd]);
    if (seen === true) return;
    if (seen !== false)
      throw new Error(`${seen.name} ended before it was ready. Its last output:\n${readTail(logOf(seen.name))}`);
    if (Date.now() > deadline)
      throw new Error(
        `kube-apiserver was not ready within 60 s. Its last output:\n${readTail(logOf('kube-apiserver'))}`,
      );
    await sleep(25);
  }
}

function buildEtcdCommand({ programs, directory, ports }: Servers): [string, ...string[]] {
  const client = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    programs.etcd,
    ...['--data-dir', join(directory, `etcd-${ports.etcd}`), '--unsafe-no-fsync', '--log-level', 'warn'],
    ...['--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
  ];
}

function buildApiServerCommand({ programs, directory, certificate, users, ports }: Servers): [string, ...string[]] {
  const serviceAccountKey = join(directory, 'service-account.key');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(serviceAccountKey, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
  const auditPolicy = join(directory, 'audit-policy.json');
  writeFileSync(auditPolicy, JSON.stringify(auditing));
  return [
    programs['kube-apiserver'],
    ...['--etcd-servers', `http://127.0.0.1:${ports.etcd}`],
    ...['--bind-address', '127.0.0.1', '--secure-port', String(ports.apiServer)],
    ...[
      '--tls-cert-file',
      certificate.certFile,
      '--tls-private-key-file',
      certificate.keyFile,
      '--cert-dir',
      directory,
    ],
    ...['--service-account-issuer', 'https://kubernetes.default.svc'],
    ...['--service-account-signing-key-file', serviceAccountKey, '--service-account-key-file', serviceAccountKey],
    ...['--service-cluster-ip-range', addresses.serviceCidr],
    ...['--authorization-mode', 'RBAC', '--token-auth-file', users.tokenFile],
    ...['--audit-policy-file', auditPolicy, '--audit-log-path', locateAuditLog(directory)],
    // Pods here have no service accounts, and no node lifecycle controller would ever take the not-ready taint off.
    ...['--disable-admission-plugins', 'ServiceAccount,TaintNodesByCondition'],
    // The API server is reached through relays, never through the `kubernetes` service, whose endpoint may not be a loopback address.
    ...['--endpoint-reconciler-type', 'none', '--advertise-address', '127.0.0.1'],
  ];
}

/** `/readyz` says ok before these exist. */
const firstObjects = [
  '/api/v1/namespaces/default',
  '/api/v1/namespaces/kube-system',
  '/api/v1/namespaces/default/services/kubernetes',
];

/** Creates custom resource definitions and waits until every one of their versions answers. */
async function establish(api: Api, definitions: readonly CustomResourceDefinition[]): Promise<void> {
  await Promise.all(
    definitions.map((crd) => api.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd)),
  );
  await waitUntilServed(api, definitions.flatMap(listCollections));
  await retryUntilDone(async () => {
    for (const { spec } of definitions)
      if (!(await isDiscovered(api, spec)))
        throw new Error(`${spec.names.plural}.${spec.group} is not in the API server's discovery`);
  });
}

/** A collection answers some milliseconds before discovery lists its kind, which kubectl and other clients ask first. */
async function isDiscovered(api: Api, { group, versions, names }: CustomResourceDefinition['spec']): Promise<boolean> {
  for (const { name } of versions.filter(({ served }) => served)) {
    const { resources } = await api.read<{ resources: readonly { readonly name: string }[] }>(`/apis/${group}/${name}`);
    if (!resources.some((resource) => resource.name === names.plural)) return false;
  }
  return true;
}

type CustomResourceDefinition = KubernetesObject & {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
};

const listCollections = ({ spec }: CustomResourceDefinition): string[] =>
  spec.versions
    .filter(({ served }) => served)
    .map(({ name }) => `/apis/${spec.group}/${name}/${spec.names.plural}?limit=1`);

const waitUntilServed = (api: Api, paths: readonly string[]): Promise<unknown> =>
  Promise.all(paths.map((path) => retryUntilDone(() => api.read(path))));

/** Repeats what throws until it does not; after 20 s its last error is thrown. */
async function retryUntilDone(attempt: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const error = await attempt().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) return;
    if (Date.now() > deadline) throw error;
    await sleep(25);
  }
}
