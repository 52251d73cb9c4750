import { AzureError, ownCodes, shortMessage } from './error.ts';
import { exchange, refuseBeyond } from './exchange.ts';
import { type ArmId, nameOf, parseId } from './ids.ts';
import type { Lro, Operations, Poller, Verb } from './operation.ts';

/** What every resource tells. */
export interface State {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  /** `Succeeded`, `Failed`, `Canceled`, or what is under way, such as `Creating`. */
  readonly provisioningState: string;
}

/** Tells whether an existing resource may be changed or deleted. */
export type Owned<S> = (state: S) => boolean;

/** Resources of one type. Ids are full ARM ids. */
export interface Collection<Body, S extends State> {
  get(id: string): Promise<S | undefined>;
  /**
   * Observes, creates if absent, waits or writes again if not Succeeded, reads back. Fails with NotOwned when one
   * exists that is not `owned`.
   */
  ensure(id: string, body: Body, lro: Lro, owned: Owned<S>): Promise<S>;
  /**
   * Deletes and looks until it answers 404. `absent`: there was none. Fails with NotOwned when one exists that is not
   * `owned`.
   */
  remove(id: string, lro: Lro, owned: Owned<S>): Promise<'removed' | 'absent'>;
}

export interface GroupName {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
}

/** Types that can be listed. A list may lag behind what a GET by id already shows. */
export interface Listed<S extends State> {
  /** Everything of the type in a resource group; nothing when there is no such group. */
  list(group: GroupName): Promise<readonly S[]>;
}

/** The SDK's calls for one type, bound to a client. */
export interface Calls<Body, S extends State> {
  get(at: ArmId): Promise<S>;
  put(at: ArmId, body: Body, signal: AbortSignal): { readonly poller: Poller };
  remove(at: ArmId, signal: AbortSignal): { readonly poller: Poller };
  restore(serialized: string, verb: Verb): { readonly poller: Poller };
}

/** The parts that collections are made of; a type with a way of its own uses them one by one. */
export interface Parts<Body, S extends State> extends Pick<Collection<Body, S>, 'get' | 'remove'> {
  /** PUT, and wait for its end; or go on with it. */
  write(id: string, body: Body, lro: Lro, variant?: string): Promise<void>;
  /** Waits while an operation of somebody else, or of a lost process of ours, is under way. */
  settled(id: string, lro: Lro): Promise<S | undefined>;
  /** GET that must be Succeeded. */
  readBack(id: string): Promise<S>;
}

const terminal: ReadonlySet<string> = new Set(['Succeeded', 'Failed', 'Canceled']);

/** `calls` gives the calls of a subscription; loading them may load a package. */
export function createParts<Body, S extends State>(
  calls: (subscriptionId: string) => Promise<Calls<Body, S>>,
  operations: Operations,
): Parts<Body, S> {
  const get = async (id: string): Promise<S | undefined> => {
    const at = parseId(id);
    const { get: read } = await calls(at.subscriptionId);
    return exchange(`read ${formTitle(id)}`, undefined, () => read(at)).catch(passAbsent);
  };
  const operate = async (
    verb: Verb,
    id: string,
    lro: Lro,
    start: (calls: Calls<Body, S>, signal: AbortSignal) => { readonly poller: Poller },
    variant = '',
  ) => {
    const bound = await calls(parseId(id).subscriptionId);
    const title = `${verb === 'PUT' ? 'create' : 'delete'} ${formTitle(id)}`;
    await operations.run(
      {
        verb,
        id,
        variant,
        title,
        start: (signal) => start(bound, signal),
        restore: (state) => bound.restore(state, verb),
      },
      lro,
    );
  };
  const settled = async (id: string, lro: Lro): Promise<S | undefined> => {
    for (;;) {
      const state = await get(id);
      if (state === undefined || terminal.has(state.provisioningState)) return state;
      lro.save(null);
      await operations.pause(lro);
    }
  };
  return {
    get,
    settled,
    async write(id, body, lro, variant) {
      await operate('PUT', id, lro, (bound, signal) => bound.put(parseId(id), body, signal), variant).catch(
        async (error: unknown) => {
          if (!lost(error)) throw error;
          const end = (await settled(id, lro))?.provisioningState ?? 'absent';
          if (end === 'Succeeded') return;
          throw new AzureError({ ...error, message: `${shortMessage(error)}; it is ${end}`, cause: error.cause });
        },
      );
    },
    async readBack(id) {
      const state = await get(id);
      if (state?.provisioningState === 'Succeeded') return state;
      throw problem(
        ownCodes.notProvisioned,
        `read ${formTitle(id)}`,
        state === undefined ? 'it is absent after its creation' : `it is ${state.provisioningState}`,
      );
    },
    async remove(id, lro, owned) {
      const begun = operations.saved('DELETE', id, lro) !== undefined;
      if (!begun) {
        const state = await get(id);
        if (state === undefined) return 'absent';
        refuseForeign(id, state, owned, 'delete');
      }
      await operate('DELETE', id, lro, (bound, signal) => bound.remove(parseId(id), signal)).catch((error: unknown) => {
        // gone meanwhile, or its operation is not to be followed: the proof below decides
        if (!lost(error) && !(error instanceof AzureError && error.status === 404)) throw error;
      });
      await gone(id, get, lro, operations);
      return 'removed';
    },
  };
}

/**
 * Azure sometimes ends a deletion while the resource still answers for a while; one that goes on answering keeps no
 * other undo from its turn (W5).
 */
async function gone(
  id: string,
  get: (id: string) => Promise<State | undefined>,
  lro: Lro,
  operations: Operations,
): Promise<void> {
  const until = performance.now() + operations.goneWithinMs;
  for (let state = await get(id); state !== undefined; state = await get(id)) {
    // Not on its way out any more: its deletion was undone or never begun. Trying again begins with a look.
    if (terminal.has(state.provisioningState) && state.provisioningState !== 'Succeeded') {
      throw problem(ownCodes.notProvisioned, `delete ${formTitle(id)}`, `it is ${state.provisioningState}`);
    }
    if (performance.now() >= until) {
      const message = `it is still there ${operations.goneWithinMs / 1000} s after its deletion`;
      throw problem(ownCodes.notProvisioned, `delete ${formTitle(id)}`, message);
    }
    lro.save(null);
    await operations.pause(lro);
  }
}

export function createCollection<Body, S extends State>(
  calls: (subscriptionId: string) => Promise<Calls<Body, S>>,
  operations: Operations,
): Collection<Body, S> {
  const parts = createParts(calls, operations);
  return {
    get: parts.get,
    remove: parts.remove,
    async ensure(id, body, lro, owned) {
      if (operations.saved('PUT', id, lro) === undefined) {
        const seen = await parts.get(id);
        if (seen !== undefined) refuseForeign(id, seen, owned, 'create');
        const state = seen === undefined ? undefined : await parts.settled(id, lro);
        if (state?.provisioningState === 'Succeeded') return state;
      }
      await parts.write(id, body, lro);
      return parts.readBack(id);
    },
  };
}

export function refuseForeign<S extends State>(id: string, state: S, owned: Owned<S>, verb: string): void {
  if (!owned(state))
    throw problem(ownCodes.notOwned, `${verb} ${formTitle(id)}`, 'it exists and is not marked as this one');
}

const problem = (code: string, operation: string, message: string): AzureError =>
  new AzureError({ code, status: 0, operation, message });

/** For messages: type and name. */
export const formTitle = (id: string): string => `${parseId(id).types.at(-1) ?? ''} ${nameOf(id)}`;

const lost = (error: unknown): error is AzureError =>
  error instanceof AzureError && error.code === ownCodes.operationVanished;

/** ARM's own word that there is none; in a resource group that is missing there is none either (W13). */
export function passAbsent(error: unknown): undefined {
  if (error instanceof AzureError && error.isAbsence) return undefined;
  throw error;
}

/** What the SDK's models share. An absent provisioningState means Succeeded (ARM RPC, asynchronous operations). */
export const stateOf = (raw: {
  readonly id?: string;
  readonly tags?: Record<string, string>;
  readonly provisioningState?: string;
}): State => ({
  id: raw.id ?? '',
  tags: raw.tags ?? {},
  provisioningState: raw.provisioningState ?? 'Succeeded',
});

/** `pages` gives the SDK's list for a group. `type` is for messages. */
export function listOf<Raw, S extends State>(
  type: string,
  pages: (group: GroupName) => Promise<PagedList<Raw>>,
  read: (raw: Raw) => S,
): Listed<S>['list'] {
  return async (group) => {
    const list = async (): Promise<readonly S[]> => (await collectAll(await pages(group))).map(read);
    return (await exchange(`list ${type} of ${group.resourceGroup}`, undefined, list).catch(passAbsent)) ?? [];
  };
}

/** Every element of a paged list, which has an end. */
export async function collectAll<T>(list: PagedList<T>): Promise<T[]> {
  const all: T[] = [];
  let pages = 0;
  for await (const page of list.byPage()) {
    refuseBeyond('pages', ++pages);
    refuseBeyond('items', all.length + page.length);
    for (const each of page) all.push(each);
  }
  return all;
}

/** The SDK's. */
export interface PagedList<T> {
  byPage(): AsyncIterable<readonly T[]>;
}
