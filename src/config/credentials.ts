import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Problem } from '../contract/failures.ts';

/**
 * What every Azure VM has in its DMI chassis asset tag: there the metadata service can give a managed identity's token.
 */
const azureAssetTag = '7783-7084-3265-9085-8269-3286-77';
const tools = ['az', 'azd', 'pwsh'];
/** Variables that name a file in place of a secret. */
const secretFiles = ['AZURE_CLIENT_CERTIFICATE_PATH', 'AZURE_FEDERATED_TOKEN_FILE'];

/**
 * Whether any of the ways of DefaultAzureCredential can work at all: a service principal, a workload identity, a
 * managed identity, a login of a developer tool.
 * Nothing is sent; whether the credential is accepted shows when it is used.
 */
export function checkCredentials(
  env: NodeJS.ProcessEnv,
  assetTagFile = '/sys/class/dmi/id/chassis_asset_tag',
): Problem[] {
  const has = (...names: string[]): boolean => names.every((name) => Boolean(env[name]));
  const identity = has('AZURE_TENANT_ID', 'AZURE_CLIENT_ID');
  const unreadable = secretFiles.filter((name) => has(name) && !canRead(env[name] ?? ''));
  if (unreadable.length > 0 && !has('AZURE_CLIENT_SECRET'))
    return unreadable.map((name) => describeUnreadable(name, env));
  const anyWay =
    (identity && ['AZURE_CLIENT_SECRET', ...secretFiles].some((name) => has(name))) ||
    has('IDENTITY_ENDPOINT') ||
    has('MSI_ENDPOINT') ||
    contentOf(assetTagFile) === azureAssetTag ||
    tools.some((tool) => isOnPath(tool, env));
  if (anyWay) return [];
  const secrets = ['AZURE_CLIENT_SECRET', ...secretFiles];
  const missing = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID'].filter((name) => !has(name));
  if (!secrets.some((name) => has(name))) missing.push('AZURE_CLIENT_SECRET');
  const begun = missing.length < 3;
  return [
    {
      code: 'CredentialsMissing',
      field: begun ? missing.join(', ') : 'Azure',
      message: begun
        ? `${missing.length === 1 ? 'is' : 'are'} missing for a service principal, and nothing else can give a ` +
          'credential.'
        : 'has no credential to use.',
      remedy:
        'Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (or AZURE_CLIENT_CERTIFICATE_PATH, or ' +
        'AZURE_FEDERATED_TOKEN_FILE); or run where a managed identity is; or install the Azure CLI and az login.',
    },
  ];
}

const describeUnreadable = (name: string, env: NodeJS.ProcessEnv): Problem => ({
  code: 'CredentialsMissing',
  field: name,
  message: `must name a file that can be read; got ${env[name]}.`,
  remedy:
    name === 'AZURE_FEDERATED_TOKEN_FILE'
      ? 'Workload identity mounts it: the pod needs the label azure.workload.identity/use and its service account.'
      : 'Correct the path, or the rights of the file.',
});

function canRead(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

function isOnPath(program: string, env: NodeJS.ProcessEnv): boolean {
  return (env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}
