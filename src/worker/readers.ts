/** The adapters as the options want them: for the worker, and for the doctor, which has no run. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DefaultAzureCredential, type TokenCredential } from '@azure/identity';
import { createAzure, sovereignApiVersions } from '../adapters/azure/index.ts';
import { createClusters } from '../adapters/kubernetes/index.ts';
import type { ReaderOptions } from '../config/worker-options.ts';
import type { Tools } from '../step/context.ts';

const userAgent = 'hepflow/0.1.0';

/** Azure and the clusters, with the credentials that @azure/identity finds. Sends nothing until it is used. */
export function createReaders(
  { azure: at, pollIntervalMs, kubeconfigFile, allow }: ReaderOptions,
  requestTimeoutMs: number,
): Pick<Tools, 'azure' | 'clusters' | 'allow'> {
  const found = new DefaultAzureCredential({
    ...(at.authorityHost !== undefined && { authorityHost: at.authorityHost }),
    // Instance discovery asks the public cloud about an authority, which it does not know for any other.
    disableInstanceDiscovery: at.cloud === 'custom',
  });
  const credential = within(requestTimeoutMs, found);
  const azure = createAzure({
    endpoint: at.armEndpoint,
    scope: at.armScope,
    credential,
    ...(at.cloud === 'usgovernment' || at.cloud === 'china' ? { apiVersions: sovereignApiVersions } : {}),
    pollIntervalMs,
    requestTimeoutMs,
    userAgent,
  });
  return {
    azure,
    ...(allow !== undefined && { allow }),
    clusters: createClusters({
      requestTimeoutMs,
      ...(kubeconfigFile === undefined
        ? { kubeconfigOf: azure.clusters.userKubeconfig, origin: { by: 'azure', tokenOf: azure.clusters.serverToken } }
        : {
            kubeconfigOf: () => readFile(kubeconfigFile, 'utf8'),
            origin: { by: 'operator', folder: dirname(resolve(kubeconfigFile)) },
          }),
    }),
  };
}

/** @azure/identity waits for minutes on an authority that takes the connection and says nothing. */
const within = (limitMs: number, credential: TokenCredential): TokenCredential => ({
  getToken: async (scopes, options) => {
    const over = new AbortController();
    const late = sleep(limitMs, undefined, { signal: over.signal }).then(() => {
      throw Object.assign(new Error(`no token within ${limitMs} ms`), { code: 'ETIMEDOUT' });
    });
    try {
      return await Promise.race([credential.getToken(scopes, options), late]);
    } finally {
      over.abort();
      late.catch(() => {});
    }
  },
});
