import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { searchAttributes } from '../contract/messages.ts';
import { CommandError } from './exit-code.ts';
import type { RunHandle } from './follow.ts';
import { payloadCodec } from './payload-codec.ts';

/** Temporal by the SDK's environment configuration, for as long as `work` takes. */
export async function withTemporal<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const dataConverter = { payloadCodecs: [payloadCodec()] };
  const { connectionOptions = {}, namespace = 'default' } = loadClientConnectConfig();
  const address = connectionOptions.address ?? 'localhost:7233';
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...connectionOptions, connectTimeout: '5s' });
  } catch (error) {
    throw new CommandError(
      `Temporal cannot be reached at ${address}: ${messageOf(error)}\nSet TEMPORAL_ADDRESS (or a profile, TEMPORAL_PROFILE), or start the lab: hepflow lab up`,
    );
  }
  try {
    return await work(new Client({ connection, namespace, dataConverter }));
  } finally {
    await connection.close();
  }
}

/** A run by its workflow id, which is checked to exist. */
export async function runOf(client: Client, workflowId: string): Promise<WorkflowHandle> {
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

/** The handle with calls that end at once when the signal is aborted: a long poll would keep the process alive for 20 s. */
export const abortable = (handle: WorkflowHandle, signal: AbortSignal): RunHandle => ({
  workflowId: handle.workflowId,
  query: (name) => handle.client.withAbortSignal(signal, () => handle.query(name)),
  result: () => handle.client.withAbortSignal(signal, () => handle.result()),
  describe: () => handle.describe(),
});

/** The cluster's name as search attribute, where the namespace knows ours: a start that sets an unknown one is refused. */
export async function clusterAttribute(
  client: Client,
  cluster: string,
): Promise<{ typedSearchAttributes?: { key: ReturnType<typeof keyword>; value: string }[] }> {
  try {
    const known = await (client.connection as Connection).operatorService.listSearchAttributes({
      namespace: client.options.namespace,
    });
    if (!Object.hasOwn(known.customAttributes ?? {}, searchAttributes.cluster)) return {};
    return { typedSearchAttributes: [{ key: keyword(searchAttributes.cluster), value: cluster }] };
  } catch {
    return {}; // not every Temporal service lets its clients ask
  }
}

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

export const isNotFound = (error: unknown): boolean => error instanceof Error && error.name === 'WorkflowNotFoundError';

/** An error's message with those of its causes that add something. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause === undefined ? '' : messageOf(error.cause);
  return inner === '' || error.message.includes(inner) ? error.message : `${error.message}: ${inner}`;
}
