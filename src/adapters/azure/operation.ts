import { setTimeout as sleep } from 'node:timers/promises';
import { AzureError, ownCodes } from './error.ts';
import { type Exchange, exchange, isSameOrigin } from './exchange.ts';
import { type AzureSettings, azureDefaults } from './settings.ts';

/** How a caller follows a long-running operation, perhaps on from another process. */
export interface Lro {
  /** Ends the wait, never the work in Azure. */
  readonly signal: AbortSignal;
  /** What `save` was given last, in this or another process. */
  readonly resume?: unknown;
  /**
   * Called at every look, with plain data; null: there is nothing to go on with. Holds signed URLs: keep it, never log
   * it.
   */
  save(state: unknown): void;
}

/** `POST`: a question, which is never resumed. */
export type Verb = 'PUT' | 'DELETE' | 'POST';

/**
 * The part of the SDK's poller that is used. It is a thenable: an async function that returned it bare would await the
 * whole operation.
 */
export interface Poller {
  readonly isDone: boolean;
  poll(options: { abortSignal: AbortSignal }): Promise<unknown>;
  serialize(): Promise<string>;
  submitted(): Promise<void>;
}

export interface Operation {
  readonly verb: Verb;
  readonly id: string;
  /** What tells two tries of one operation apart, such as a VM size; given back on resume. */
  readonly variant?: string;
  /** For messages. */
  readonly title: string;
  /** Sends the first request. */
  start(signal: AbortSignal): { readonly poller: Poller };
  /** Goes on with a serialised poller; sends nothing. */
  restore(serialized: string): { readonly poller: Poller };
}

interface SavedOperation {
  readonly verb: Verb;
  readonly id: string;
  readonly variant: string;
  /** The SDK's operation config: URLs and mode. Empty: planned, not known to be sent. */
  readonly config: { readonly [key: string]: unknown };
}

/**
 * Azure asks for up to 160 s between polls of a slow operation; a look each 10 s costs 0.1 of 25 reads a second, and
 * shows that the wait lives.
 */
const longestPauseMs = 10_000;

/** Follows long-running operations of one endpoint. */
export interface Operations {
  /** The saved operation if it is this one and its URLs are the endpoint's: which variant, and whether it was sent. */
  saved(verb: Verb, id: string, lro: Lro): { readonly variant: string; readonly sent: boolean } | undefined;
  /** Saves which variant comes next, for a try that ends before it can be sent. */
  plan(verb: Verb, id: string, variant: string, lro: Lro): void;
  /** Sends it, or goes on where `lro.resume` stands; resolves when Azure says Succeeded. */
  run(operation: Operation, lro: Lro): Promise<void>;
  /** Waits a poll interval, showing that the wait lives. */
  pause(lro: Lro): Promise<void>;
  readonly goneWithinMs: number;
}

export function createOperations(
  settings: Pick<AzureSettings, 'endpoint' | 'pollIntervalMs' | 'goneWithinMs'>,
): Operations {
  // What was resumed once is over in this process, however it ended; the caller's `resume` still shows it.
  const used = new WeakSet<object>();
  const find = (verb: Verb, id: string, lro: Lro): SavedOperation | undefined => {
    const state = lro.resume;
    if (!isSaved(state) || used.has(state) || state.verb !== verb || state.id !== id) return undefined;
    return urlsOf(state).every((url) => isSameOrigin(url, settings.endpoint)) ? state : undefined;
  };
  return {
    saved(verb, id, lro) {
      const state = find(verb, id, lro);
      return state === undefined ? undefined : { variant: state.variant, sent: urlsOf(state).length > 0 };
    },
    plan: (verb, id, variant, lro) => lro.save({ verb, id, variant, config: {} } satisfies SavedOperation),
    pause: (lro) => pause(settings.pollIntervalMs, lro),
    goneWithinMs: settings.goneWithinMs ?? azureDefaults.goneWithinMs,
    async run(operation, lro) {
      const state = find(operation.verb, operation.id, lro);
      const resumed = state !== undefined && urlsOf(state).length > 0 && state.variant === (operation.variant ?? '');
      if (state !== undefined) used.add(state);
      const started = resumed ? restored(operation, state) : await submit(operation, lro);
      try {
        await follow(operation, started, lro, settings.pollIntervalMs);
      } catch (error) {
        const isUnfollowed = isNoVerdict(error, operation.verb);
        // An operation that has ended must not be resumed; one that could not be asked about must.
        if (error instanceof AzureError && (error.status === 0 || isUnfollowed) && !unreachable.has(error.code))
          lro.save(null);
        throw isUnfollowed
          ? new AzureError({
              ...error,
              code: ownCodes.operationVanished,
              message: `its operation URL answers ${error.status} ${error.code}`,
              cause: error,
            })
          : error;
      }
    },
  };
}

const unreachable: ReadonlySet<string> = new Set([
  ownCodes.connectionFailed,
  ownCodes.credentialUnavailable,
  ownCodes.foreignOrigin,
]);

/**
 * Whether an operation URL answered without a verdict on the operation. It may answer only who has rights on the whole
 * resource group, and the very caller that started the operation; so 401 and 403 decide as little as 404. A question
 * has no resource to look at in its place: its refusal stands.
 */
const isNoVerdict = (error: unknown, verb: Verb): error is AzureError =>
  error instanceof AzureError && (verb === 'POST' ? [404] : [401, 403, 404]).includes(error.status);

interface PolledOperation {
  readonly poller: Poller;
  readonly pauseMs: number | undefined;
}

/** `Retry-After: 0` says nothing; the SDK ignores it too. */
const asked = ({ retryAfterMs }: Exchange): number | undefined => (retryAfterMs === 0 ? undefined : retryAfterMs);

async function submit(operation: Operation, lro: Lro): Promise<PolledOperation> {
  return exchange(operation.title, lro.signal, async (seen) => {
    const { poller } = operation.start(lro.signal);
    await poller.submitted(); // at once: a poller whose first request fails unobserved is an unhandled rejection
    return { poller, pauseMs: asked(seen) };
  });
}

function restored(operation: Operation, state: SavedOperation): PolledOperation {
  return { ...operation.restore(JSON.stringify({ state: { status: 'running', config: state.config } })), pauseMs: 0 };
}

async function follow(operation: Operation, started: PolledOperation, lro: Lro, pollIntervalMs: number): Promise<void> {
  const { poller } = started;
  let pauseMs = started.pauseMs;
  while (!poller.isDone) {
    lro.save(await stateOf(operation, poller));
    await pause(pauseMs ?? pollIntervalMs, lro);
    pauseMs = await exchange(operation.title, lro.signal, async (seen) => {
      await poller.poll({ abortSignal: lro.signal });
      return asked(seen);
    });
  }
  lro.save(null);
}

async function stateOf({ verb, id, variant = '' }: Operation, poller: Poller): Promise<SavedOperation> {
  const { state } = JSON.parse(await poller.serialize()) as { state: { config: SavedOperation['config'] } };
  return { verb, id, variant, config: state.config };
}

async function pause(ms: number, lro: Lro): Promise<void> {
  await sleep(Math.min(ms, longestPauseMs), undefined, { signal: lro.signal }).catch(() => lro.signal.throwIfAborted());
}

function isSaved(state: unknown): state is SavedOperation {
  if (typeof state !== 'object' || state === null) return false;
  const { verb, id, variant, config } = state as Partial<Record<keyof SavedOperation, unknown>>;
  return (
    (verb === 'PUT' || verb === 'DELETE') &&
    typeof id === 'string' &&
    typeof variant === 'string' &&
    typeof config === 'object' &&
    config !== null
  );
}

const urlsOf = ({ config }: SavedOperation): string[] =>
  [config['operationLocation'], config['resourceLocation'], config['initialRequestUrl']].filter(
    (url) => typeof url === 'string',
  );
