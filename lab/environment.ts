import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AzureLab } from './azure/server.ts';
import type { ClusterLab } from './kubernetes/cluster.ts';
import type { Fabric } from './network/fabric.ts';
import type { LabScope } from './scope.ts';
import type { TemporalServer } from './temporal/dev-server.ts';

/** The parts of a lab that its environment leads to. */
export interface Parts {
  readonly temporal: TemporalServer;
  readonly cluster: ClusterLab;
  readonly azure: AzureLab;
  readonly fabric: Fabric;
  readonly caFile: string;
  readonly kubectl: string;
  readonly temporalCli: string;
}

/** One folder for PATH with the commands that people use; the programs themselves may lie in several. */
function linkCommands(folder: string, commands: Readonly<Record<string, string>>): string {
  mkdirSync(folder);
  for (const [name, path] of Object.entries(commands)) symlinkSync(path, join(folder, name));
  return folder;
}

/** Writes the worker's secret and returns the variables that point the product at the lab. */
export function createEnvironment(
  scope: LabScope,
  { temporal, cluster, azure, fabric, caFile, kubectl, temporalCli }: Parts,
): Record<string, string> {
  const secretFile = join(scope.directory, 'worker-secret');
  writeFileSync(secretFile, randomBytes(32), { mode: 0o600 });
  chmodSync(secretFile, 0o600);
  const { tenantId, clientId, clientSecret } = azure.credentials;
  return {
    HEPFLOW_LAB: scope.id,
    HEPFLOW_LAB_CONTROL_TOKEN: azure.controlToken,
    HEPFLOW_LAB_UI: temporal.uiUrl,
    HEPFLOW_LAB_TOOLS: linkCommands(join(scope.directory, 'bin'), { kubectl, temporal: temporalCli }),
    HEPFLOW_AZURE_CLOUD: 'custom',
    HEPFLOW_ARM_ENDPOINT: azure.endpoint,
    AZURE_AUTHORITY_HOST: azure.authorityHost,
    AZURE_TENANT_ID: tenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: clientSecret,
    NODE_EXTRA_CA_CERTS: caFile,
    HEPFLOW_SSH_PROXY: fabric.proxyUrl,
    HEPFLOW_KEY_SECRET_FILE: secretFile,
    HEPFLOW_POLL_INTERVAL_MS: scope.pace === 'fast' ? '50' : '500',
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    KUBECONFIG: cluster.adminKubeconfigFile,
  };
}
