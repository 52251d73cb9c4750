import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ClientSecretCredential, type ClientSecretCredentialOptions } from '@azure/identity';
import { Agent, fetch } from 'undici';
import type { Durations } from '../../lab/azure/arm/durations.ts';
import type { NetworkState, VmBoot } from '../../lab/azure/network/data-plane.ts';
import { type AzureLab, type AzureOptions, startAzure } from '../../lab/azure/server.ts';
import { createAuthority } from '../../lab/certificates.ts';
import { cluster } from '../../lab/scope.ts';
import { type Azure, AzureError, type AzureSettings, createAzure } from '../../src/adapters/azure/index.ts';
import { deriveRunKeys } from '../../src/adapters/ssh/keys.ts';
import { HepflowError } from '../../src/contract/failures.ts';
import type { RunRef } from '../../src/contract/run.ts';
import type { StepContext, Tools } from '../../src/step/context.ts';
import { classifyAzureError } from '../../src/step/failures/azure.ts';
import { signer } from './signing.ts';

export const subscriptionId = cluster.subscriptionId;
export const clusterRef = { subscriptionId, resourceGroup: cluster.resourceGroup, name: cluster.name };
const nodeGroup = `/subscriptions/${subscriptionId}/resourceGroups/${cluster.nodeResourceGroup}`;
export const clusterVnetId = `${nodeGroup}/providers/Microsoft.Network/virtualNetworks/${cluster.vnetName}`;

/** The stand-in Azure alone: what it would do to the network is recorded. */
export interface AzureUnderTest extends AsyncDisposable {
  readonly lab: AzureLab;
  readonly states: NetworkState[];
  readonly booted: VmBoot[];
  readonly destroyed: string[];
  /** A new adapter, as another process would have. */
  adapter(settings?: Partial<AzureSettings>): Azure;
  /**
   * What somebody else does, by plain HTTP; resolves with the resource when nothing is under way on it any more, with
   * undefined when it is gone.
   */
  byHand(method: 'PUT' | 'DELETE' | 'GET', id: string, body?: object): Promise<Record<string, unknown> | undefined>;
  /** Requests with that method whose path ends so. */
  count(method: string, pathEnd: string): number;
}

export async function startAzureUnderTest(
  options: {
    durations?: Partial<Durations>;
    roleFile?: string;
    assignments?: NonNullable<AzureOptions['assignments']>;
    userKubeconfig?: AzureOptions['userKubeconfig'];
  } = {},
): Promise<AzureUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), 'hepflow-azure-'));
  const authority = await createAuthority(directory);
  const states: NetworkState[] = [];
  const booted: VmBoot[] = [];
  const destroyed: string[] = [];
  const lab = await startAzure({
    scope: { id: 'test', directory, logs: join(directory, 'logs'), pace: 'fast', calico: 'oss' },
    authority,
    dataPlane: {
      apply: async (state) => void states.push(state),
      boot: async (vm) => void booted.push(vm),
      destroy: async (vmId) => void destroyed.push(vmId),
    },
    userKubeconfig: options.userKubeconfig ?? (() => 'apiVersion: v1\nkind: Config\n'),
    roleFile: options.roleFile ?? fileURLToPath(new URL('../../deploy/azure-role.json', import.meta.url)),
    ...(options.assignments === undefined ? {} : { assignments: options.assignments }),
    ...(options.durations === undefined ? {} : { durations: options.durations }),
  });
  const { tenantId, clientId, clientSecret } = lab.credentials;
  const trusting = {
    authorityHost: lab.authorityHost,
    disableInstanceDiscovery: true,
    tlsOptions: { ca: authority.caPem },
  } as ClientSecretCredentialOptions;
  const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, trusting);
  const dispatcher = new Agent({ connect: { ca: authority.caPem } });
  const byHand: AzureUnderTest['byHand'] = async (method, id, body) => {
    const { token } = await credential.getToken(`${lab.endpoint}/.default`);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const send = (verb: string) =>
      fetch(`${lab.endpoint}${id}?api-version=2025-01-01`, {
        method: verb,
        headers,
        dispatcher,
        ...(body && verb === 'PUT' ? { body: JSON.stringify(body) } : {}),
      });
    if (method !== 'GET') {
      const answer = await send(method);
      if (!answer.ok) throw new Error(`${method} ${id}: ${answer.status} ${await answer.text()}`);
    }
    for (;;) {
      const answer = await send('GET');
      if (answer.status === 404) return undefined;
      const resource = (await answer.json()) as { properties?: { provisioningState?: string } };
      if (method === 'GET' || (method === 'PUT' && resource.properties?.provisioningState === 'Succeeded'))
        return resource;
      await sleep(10);
    }
  };
  return {
    lab,
    states,
    booted,
    destroyed,
    byHand,
    adapter: (settings = {}) =>
      createAzure({
        endpoint: lab.endpoint,
        scope: `${lab.endpoint}/.default`,
        credential,
        pollIntervalMs: 20,
        requestTimeoutMs: 10_000,
        caPem: authority.caPem,
        userAgent: 'hepflow/test',
        ...settings,
      }),
    count: (method, pathEnd) =>
      lab.requests().filter((each) => each.method === method && each.path.toLowerCase().endsWith(pathEnd.toLowerCase()))
        .length,
    [Symbol.asyncDispose]: async () => {
      await dispatcher.close();
      await lab.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const secret = createHash('sha256').update('a test secret').digest();

/** Tools with nothing but Azure and keys; the rest must not be touched. */
export function toolsOf(azure: Azure, keysOf: Tools['keysOf'] = (run) => deriveRunKeys(secret, run)): Tools {
  return { azure, keysOf, signer } as Partial<Tools> as Tools;
}

export function runRef(runId = '0badcafe'): RunRef {
  return {
    runId,
    workflowId: `hepflow-lab-${runId}`,
    firstExecutionRunId: 'first',
    startedAt: '2026-10-01T10:00:00.000Z',
    subscriptionId,
    resourceGroup: cluster.resourceGroup,
    location: cluster.location,
    cluster: clusterRef,
    expiresAt: '2026-10-02T10:00:00.000Z',
  };
}

/** A step's context, and everything that it was told to remember. */
export interface RecordingContext extends StepContext {
  readonly beats: unknown[];
}

export function contextOf(
  run: RunRef,
  more: { resume?: unknown; signal?: AbortSignal; onBeat?: (state: unknown) => void } = {},
): RecordingContext {
  const beats: unknown[] = [];
  return {
    run,
    attempt: 1,
    signal: more.signal ?? new AbortController().signal,
    resume: more.resume,
    pollIntervalMs: 20,
    beats,
    heartbeat: (state) => {
      beats.push(structuredClone(state));
      more.onBeat?.(state);
    },
  };
}

/** The failure of the catalogue that an attempt ends with. */
export async function failureOf(attempt: Promise<unknown>): Promise<HepflowError> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof HepflowError) return error;
    if (error instanceof AzureError) return classifyAzureError(error);
    throw error;
  }
  throw new Error('It should have failed.');
}
