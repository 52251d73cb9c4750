import { randomInt } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { explainUnreachable } from '../config/temporal-server.ts';
import {
  explainMissingAttributes,
  listMissingAttributes,
  searchAttributes,
  sweepWorkflowType,
  workflowType,
} from '../contract/messages.ts';
import { CommandError } from './exit-code.ts';
import { loadPayloadCodec } from './payload-codec.ts';
import { say } from './terminal.ts';

/** The part of a Temporal workflow handle that is used. */
export interface RunHandle {
  readonly workflowId: string;
  query(name: string): Promise<unknown>;
  result(): Promise<unknown>;
  describe(): Promise<{
    readonly status: { readonly name: string };
    readonly memo?: Record<string, unknown> | undefined;
    readonly closeTime?: Date | undefined;
  }>;
}

/** Temporal by the SDK's environment configuration, for as long as `work` takes. */
export async function withTemporal<T>(work: (client: Client) => Promise<T>): Promise<T> {
  // To the SDK's gRPC an IP address is a TLS server name, of which Node warns (DEP0123); nobody here can change that.
  process.noDeprecation = true;
  const dataConverter = { payloadCodecs: [loadPayloadCodec()] };
  const { connectionOptions = {}, namespace = 'default' } = loadClientConnectConfig();
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...connectionOptions, connectTimeout: '5s' });
  } catch (error) {
    throw new CommandError(await explainUnreachable(connectionOptions, explainError(error)));
  }
  // Never closed, the command's end closes it: gRPC tries a call again that nobody waits for, and throws when it
  // cannot.
  return await work(new Client({ connection, namespace, dataConverter }));
}

/** A run by its workflow id, which is checked to exist. */
export async function findRun(client: Client, workflowId: string): Promise<WorkflowHandle> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    await handle.describe();
    return handle;
  } catch (error) {
    if (isNotFound(error))
      throw new CommandError(
        `There is no run ${workflowId} in namespace ${client.options.namespace}. hepflow list shows the runs.`,
      );
    throw error;
  }
}

/** What a workflow of hepflow is. Refuses any other. */
export async function readKind(handle: WorkflowHandle): Promise<'run' | 'sweep'> {
  const { type } = await handle.describe();
  if (type === workflowType) return 'run';
  if (type === sweepWorkflowType) return 'sweep';
  throw new CommandError(`The workflow ${JSON.stringify(handle.workflowId)} is no run of hepflow.`);
}

/** `hepflow-<cluster>-<6 random>`. */
export function createWorkflowId(cluster: string): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  return `hepflow-${cluster}-${Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join('')}`;
}

/**
 * The handle with calls that end at once when the signal is aborted: a long poll would keep the process alive for 20 s.
 * It is of the newest run of the workflow: a reset ends one, and another goes on.
 */
export function makeAbortable({ client, workflowId }: WorkflowHandle, signal: AbortSignal): RunHandle {
  const newest = client.getHandle(workflowId);
  return {
    workflowId,
    query: (name) => client.withAbortSignal(signal, () => newest.query(name)),
    result: () => client.withAbortSignal(signal, () => newest.result()),
    describe: () => newest.describe(),
  };
}

/**
 * The cluster's name as search attribute, where the namespace knows ours: a start that sets an unknown one is refused.
 */
export async function readClusterAttribute(
  client: Client,
  cluster: string,
): Promise<{ typedSearchAttributes?: { key: ReturnType<typeof defineKeyword>; value: string }[] }> {
  try {
    const known = await (client.connection as Connection).operatorService.listSearchAttributes({
      namespace: client.options.namespace,
    });
    const missing = listMissingAttributes(known.customAttributes);
    const { namespace } = client.options;
    if (missing.length > 0) say(`Note: ${explainMissingAttributes(missing, namespace)}`, process.stderr);
    if (missing.includes(searchAttributes.cluster)) return {};
    return { typedSearchAttributes: [{ key: defineKeyword(searchAttributes.cluster), value: cluster }] };
  } catch {
    return {}; // not every Temporal service lets its clients ask
  }
}

const defineKeyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

export const isNotFound = (error: unknown): boolean => error instanceof Error && error.name === 'WorkflowNotFoundError';

/** An error's message with those of its causes that add something. */
export function explainError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause === undefined ? '' : explainError(error.cause);
  return inner === '' || error.message.includes(inner) ? error.message : `${error.message}: ${inner}`;
}
