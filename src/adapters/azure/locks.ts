import { createPipelineRequest, type PipelineResponse, RestError } from '@azure/core-rest-pipeline';
import type { Clients } from './clients.ts';
import { exchange, refuseBeyond } from './exchange.ts';
import { parseId } from './ids.ts';

/** A management lock: on a scope, and on everything below it. */
export interface Lock {
  readonly id: string;
  /** The id of what it is on: a subscription, a resource group, a resource. */
  readonly scopeId: string;
  /** `CanNotDelete` or `ReadOnly`. */
  readonly level: string;
}

export interface Locks {
  /** Those at a scope, and those that it inherits from above. */
  locks(scopeId: string): Promise<readonly Lock[]>;
}

/** Served by every cloud. */
const apiVersion = '2016-09-01';

interface LockPage {
  readonly value?: readonly { readonly id?: string; readonly properties?: { readonly level?: string } }[];
  readonly nextLink?: string | null;
}

/** Through the pipeline of another client: a package of their own is not worth one list. */
export const createLocks = (clients: Clients, endpoint: string): Locks => ({
  async locks(scopeId) {
    const { subscriptionId, resourceGroup, names } = parseId(scopeId);
    const client = await clients.permissions(subscriptionId);
    return exchange(`read the locks of ${names.at(-1) ?? resourceGroup}`, undefined, async () => {
      const locks: Lock[] = [];
      let url = `${endpoint}${scopeId}/providers/Microsoft.Authorization/locks?api-version=${apiVersion}`;
      for (let pages = 1; url !== ''; pages++) {
        refuseBeyond('pages', pages);
        const { value = [], nextLink } = readPage(await client.sendRequest(createPipelineRequest({ url })));
        locks.push(...value.map(({ id = '', properties }) => ({ id, ...placeOf(id), level: properties?.level ?? '' })));
        url = nextLink ?? '';
      }
      return locks.filter((lock) => isWithin(scopeId, lock.scopeId));
    });
  },
});

function readPage({ status, bodyAsText }: PipelineResponse): LockPage {
  if (status !== 200) throw new RestError(`Azure answered ${status}`, { statusCode: status });
  return JSON.parse(bodyAsText ?? '{}') as LockPage;
}

const placeOf = (lockId: string) => ({
  scopeId: lockId.replace(/\/providers\/Microsoft\.Authorization\/locks\/[^/]+$/i, ''),
});

/** Azure lists the locks of what lies below as well. */
const isWithin = (id: string, scopeId: string): boolean =>
  `${id}/`.toLowerCase().startsWith(`${scopeId}/`.toLowerCase());
