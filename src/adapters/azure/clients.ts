import { rootCertificates } from 'node:tls';
import type { AuthorizationManagementClient } from '@azure/arm-authorization';
import type { ComputeManagementClient } from '@azure/arm-compute';
import type { ContainerServiceClient } from '@azure/arm-containerservice';
import type { NetworkManagementClient } from '@azure/arm-network';
import type { ResourceManagementClient } from '@azure/arm-resources';
import type { Pipeline } from '@azure/core-rest-pipeline';
import type { TokenCredential } from '@azure/identity';
import { describeError } from '../../contract/brief.ts';
import { pinApiVersions } from './api-versions.ts';
import { explainCredential } from './credential.ts';
import { AzureError, ownCodes } from './error.ts';
import { guardOrigin, limitRequests, noting } from './exchange.ts';
import { renewTokens } from './renewing.ts';
import type { AzureSettings } from './settings.ts';

type ClientOf<Client> = (subscriptionId: string) => Promise<Client>;

/**
 * The SDK's clients, one per package and subscription. Each package costs 20 to 50 MB and 0.1 to 0.5 s, so it is loaded
 * when first used.
 */
export interface Clients {
  /** The worker's own, whose failures are AzureErrors. */
  readonly credential: TokenCredential;
  readonly network: ClientOf<NetworkManagementClient>;
  readonly compute: ClientOf<ComputeManagementClient>;
  readonly clusters: ClientOf<ContainerServiceClient>;
  readonly groups: ClientOf<ResourceManagementClient>;
  readonly permissions: ClientOf<AuthorizationManagementClient>;
}

export function createClients(settings: AzureSettings): Clients {
  const credential = speaking(settings.credential);
  const options = optionsOf(settings);
  const renew = renewTokens(credential, settings.scope);
  const guarded = <Client extends { readonly pipeline: Pipeline }>(client: Client): Client => {
    // Before the token is attached. Both policies of ours that read answers sit outside the SDK's own.
    client.pipeline.addPolicy(guardOrigin(settings.endpoint), { beforePolicies: ['bearerTokenAuthenticationPolicy'] });
    // Within the SDK's: it sees the token that is sent.
    client.pipeline.addPolicy(renew, { phase: 'Sign', afterPolicies: ['bearerTokenAuthenticationPolicy'] });
    client.pipeline.addPolicy(limitRequests(settings.requestTimeoutMs));
    client.pipeline.addPolicy(noting);
    if (settings.apiVersions !== undefined) client.pipeline.addPolicy(pinApiVersions(settings.apiVersions));
    return client;
  };
  return {
    credential,
    network: perSubscription(async (id) =>
      guarded(new (await import('@azure/arm-network')).NetworkManagementClient(credential, id, options)),
    ),
    compute: perSubscription(async (id) =>
      guarded(new (await import('@azure/arm-compute')).ComputeManagementClient(credential, id, options)),
    ),
    clusters: perSubscription(async (id) =>
      guarded(new (await import('@azure/arm-containerservice')).ContainerServiceClient(credential, id, options)),
    ),
    groups: perSubscription(async (id) =>
      guarded(new (await import('@azure/arm-resources')).ResourceManagementClient(credential, id, options)),
    ),
    permissions: perSubscription(async (id) =>
      guarded(
        new (await import('@azure/arm-authorization')).AuthorizationManagementClient(credential, id, {
          ...options,
          credentialScopes: settings.scope,
        }),
      ),
    ),
  };
}

function optionsOf({ endpoint, scope, caPem, userAgent }: AzureSettings) {
  return {
    endpoint,
    credentials: { scopes: [scope] },
    userAgentOptions: { userAgentPrefix: userAgent },
    // Retries are the caller's: an uncapped Retry-After inside the SDK would be an unseen wait.
    retryOptions: { maxRetries: 0 },
    // ARM does not redirect; a redirect could only lead a token astray.
    redirectOptions: { maxRetries: 0 },
    ...(caPem === undefined ? {} : { tlsOptions: { ca: [...rootCertificates, caPem] } }),
  };
}

function perSubscription<Client>(create: ClientOf<Client>): ClientOf<Client> {
  const clients = new Map<string, Promise<Client>>();
  return (subscriptionId) => {
    const known = clients.get(subscriptionId) ?? create(subscriptionId);
    clients.set(subscriptionId, known);
    return known;
  };
}

/**
 * The same credential, whose failures are AzureErrors: a missing or refused one apart from an authority that cannot be
 * reached.
 */
function speaking(credential: TokenCredential): TokenCredential {
  return {
    async getToken(scopes, options) {
      try {
        return await credential.getToken(scopes, options);
      } catch (error) {
        const code = unreachable(error) ? ownCodes.connectionFailed : ownCodes.credentialUnavailable;
        throw new AzureError({
          code,
          status: 0,
          operation: 'get a token',
          message: code === ownCodes.connectionFailed ? explainOffline(error) : explainCredential(error),
          cause: error,
        });
      }
    },
  };
}

/** What @azure/identity keeps of an authority that did not answer, when it keeps no cause. */
const offline = /\b(network_error|endpoints_resolution_error|ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EAI_AGAIN)\b/;

function explainOffline(error: unknown): string {
  const [why] = offline.exec(describeError(error)) ?? [];
  if (why === undefined) return explainCredential(error);
  return `the authority of the credential cannot be reached, or does not know the tenant (${why})`;
}

/** Names, because @azure/identity wraps MSAL's errors in classes of its own and keeps the causes. */
function unreachable(error: unknown): boolean {
  for (let at = error, depth = 0; typeof at === 'object' && at !== null && depth < 5; depth++) {
    const { code, errorCode, statusCode, cause } = at as {
      code?: unknown;
      errorCode?: unknown;
      statusCode?: unknown;
      cause?: unknown;
    };
    if (typeof statusCode === 'number' && (statusCode >= 500 || statusCode === 429)) return true;
    if (
      [code, errorCode].some(
        (each) =>
          typeof each === 'string' &&
          /^(E[A-Z]+|REQUEST_SEND_ERROR|network_error|endpoints_resolution_error)$/.test(each),
      )
    )
      return true;
    at = cause;
  }
  // A chain of credentials names in its message whatever failed for each; only one credential's own failure counts.
  return error instanceof Error && error.name === 'AuthenticationError' && offline.test(error.message);
}
