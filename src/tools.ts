/** The adapters as the options want them: for the worker, and for the doctor, which has no run. */
import { readFile } from 'node:fs/promises';
import { DefaultAzureCredential } from '@azure/identity';
import type { Tools } from './activities/step.ts';
import { createAzure } from './adapters/azure/index.ts';
import { createClusters } from './adapters/kubernetes/index.ts';
import type { ReaderOptions } from './config/worker-options.ts';

const userAgent = 'hepflow/0.1.0';

/** Azure and the clusters, with the credentials that @azure/identity finds. Sends nothing until it is used. */
export function createReaders({ azure: at, pollIntervalMs, kubeconfigFile }: ReaderOptions, requestTimeoutMs: number): Pick<Tools, 'azure' | 'clusters'> {
  const credential = new DefaultAzureCredential({
    ...(at.authorityHost !== undefined && { authorityHost: at.authorityHost }),
    // Instance discovery asks the public cloud about an authority, which it does not know for any other.
    disableInstanceDiscovery: at.cloud === 'custom',
  });
  const azure = createAzure({ endpoint: at.armEndpoint, scope: at.armScope, credential, pollIntervalMs, requestTimeoutMs, userAgent });
  return {
    azure,
    clusters: createClusters({
      kubeconfigOf: (cluster) => (kubeconfigFile === undefined ? azure.clusters.userKubeconfig(cluster) : readFile(kubeconfigFile, 'utf8')),
      requestTimeoutMs,
    }),
  };
}
