import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { Authority } from '../certificates.ts';
import { startOnFreePorts } from '../process/free-ports.ts';
import type { LabScope } from '../scope.ts';
import { type Api, createApi } from './api.ts';
import { locateAuditLog, readCreations } from './audit.ts';
import {
  type CustomResourceDefinition,
  establishDefinitions,
  firstObjects,
  listCollections,
  waitUntilServed,
} from './custom-resources.ts';
import type { ControlPlanePrograms, ServerName } from './server-commands.ts';
import { startServers } from './servers.ts';
import { createUsers, formatKubeconfig, type User } from './users.ts';

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
  /**
   * Every service and global network policy that the worker's user created, as `<resource> <namespace>`, in order, from
   * the API server's audit log.
   */
  creations(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/**
 * Starts etcd and kube-apiserver side by side; ready when the first namespaces and the given custom resources are
 * there.
 */
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
    await Promise.all([waitUntilServed(api, firstObjects), establishDefinitions(api, crds)]);
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
