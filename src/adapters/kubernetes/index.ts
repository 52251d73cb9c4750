import type { ClusterName } from '../../contract/site.ts';
import { type Cluster, createCluster } from './cluster.ts';
import { KubernetesError } from './error.ts';
import type { KubeconfigOrigin } from './kubeconfig.ts';
import { type KubernetesCall, openSession, type Session } from './session.ts';

export type { Cluster, Right } from './cluster.ts';
export { KubernetesError } from './error.ts';
export type { OwnToken } from './kubeconfig.ts';

/** Which cluster, as its owner names it. */
export interface ClustersSettings {
  /** Text of a kubeconfig for the cluster; a secret. Its own errors are passed on as they are. */
  kubeconfigOf(cluster: ClusterName): Promise<string>;
  /** Whose words it is. Absent: the operator's, in the current folder. */
  readonly origin?: KubeconfigOrigin;
  /** Time limit of one call, and of obtaining a credential, in milliseconds. */
  readonly requestTimeoutMs: number;
}

/** Every cluster that is asked for; each has one set of credentials and connections, however many ask. */
export interface Clusters {
  of(cluster: ClusterName): Promise<Cluster>;
  /** Closes all connections when the calls under way are over. */
  close(): Promise<void>;
}

export function createClusters(settings: ClustersSettings): Clusters {
  const known = new Map<string, { readonly cluster: Cluster; readonly close: () => Promise<void> }>();
  return {
    of: async (name) => {
      const key = `${name.subscriptionId}/${name.resourceGroup}/${name.name}`.toLowerCase();
      const entry = known.get(key) ?? connection(settings, name);
      known.set(key, entry);
      return entry.cluster;
    },
    close: async () => {
      const entries = [...known.values()];
      known.clear();
      await Promise.all(entries.map(({ close }) => close()));
    },
  };
}

function connection(settings: ClustersSettings, name: ClusterName): { cluster: Cluster; close: () => Promise<void> } {
  const { origin = { by: 'operator', folder: process.cwd() } } = settings;
  let current: Promise<Session> | undefined;
  const open = (): Promise<Session> => {
    const opening = settings
      .kubeconfigOf(name)
      .then((kubeconfig) => openSession(kubeconfig, origin, settings.requestTimeoutMs));
    opening.catch(() => forget(opening)); // the next call reads it anew
    return opening;
  };
  const forget = (session: Promise<Session>): void => {
    if (current !== session) return;
    current = undefined;
    session.then((old) => old.close()).catch(() => {}); // nobody waits for it, and nothing depends on its end
  };
  const sendOnce = async (call: KubernetesCall): Promise<string> => {
    current ??= open();
    const mine = current;
    try {
      return await (await mine).send(call);
    } catch (error) {
      if (isUnauthorized(error) || isElsewhere(error)) forget(mine);
      throw error;
    }
  };
  // A refused request has had no effect, so it can be sent again, once. Tokens expire in the middle of a run: a 401
  // reads the credentials again.
  const send = (call: KubernetesCall): Promise<string> =>
    sendOnce(call).catch(async (error) => {
      // Nothing was sent: the cluster may have been made anew at another address, or with another certificate.
      if (isElsewhere(error)) return await sendOnce(call);
      if (!(error instanceof KubernetesError) || (error.status !== 401 && error.status !== 403)) throw error;
      if (error.status === 403) await confirm(error, sendOnce);
      return await sendOnce(call);
    });
  return { cluster: createCluster(send), close: async () => await (await current?.catch(() => undefined))?.close() };
}

/**
 * Throws when the refusal does not count. An API server that has just started refuses everybody with 403 until it has
 * read its roles and bindings, in the same
 * words as one that means it. It then refuses `/readyz` too, which everybody may read (ClusterRole
 * system:public-info-viewer), or says there what is missing.
 */
async function confirm(refusal: KubernetesError, send: (call: KubernetesCall) => Promise<string>): Promise<void> {
  await send({ method: 'GET', path: '/readyz' }).catch((error) => {
    if (!(error instanceof KubernetesError) || (error.status !== 0 && error.status !== 403 && error.status < 500))
      return;
    throw new KubernetesError(
      503,
      'ServiceUnavailable',
      `The API server is not ready, and so its refusal does not count yet: ${refusal.message}`,
      {
        cause: error,
      },
    );
  });
}

const isUnauthorized = (error: unknown): boolean => error instanceof KubernetesError && error.reason === 'Unauthorized';

/** Codes of Node for an address where there is no such API server: not reached, or not proved by its certificate. */
const elsewhere = /^(ECONNREFUSED|ENOTFOUND|CERT_\w+|\w*SELF_SIGNED\w*|UNABLE_TO_\w+|ERR_TLS_CERT_ALTNAME_INVALID)$/;

function isElsewhere(error: unknown): boolean {
  if (!(error instanceof KubernetesError) || error.reason !== 'ConnectionFailed') return false;
  for (let at: unknown = error.cause, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++)
    if ('code' in at && elsewhere.test(String(at.code))) return true;
  return false;
}
