/** What kinds of Azure resources share: a delete that is proved, and traces by tag and name. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Azure,
  AzureError,
  type Collection,
  isSameId,
  type Listed,
  type Lro,
  nameOf,
  type Owned,
  ownCodes,
  type State,
} from '../adapters/azure/index.ts';
import type { Tags } from '../contract/mission.ts';
import { readTags, runTag } from '../ownership/marks.ts';
import { type AzureIds, createIds } from '../ownership/names.ts';
import type { StepContext, Undone } from '../step/context.ts';
import { resumeFrom } from '../step/lro.ts';
import type { AzureSearch, Place, Trace, Traces, UndoDraft } from './kind.ts';

/** What tells that a resource is the run's: the value that the run wrote, and the one that is there. */
export interface Ownership<S> {
  readonly what: string;
  readonly wrote: string;
  readonly read: (state: S) => string | undefined;
}

export const ownByTag = ({ run }: StepContext): Ownership<State> => ({
  what: `tag ${runTag}`,
  wrote: run.runId,
  read: ({ tags }) => tags[runTag],
});

/**
 * How often Azure is asked before it is believed that nothing was made. An undo follows a creation that may have been
 * sent, and for some seconds not every replica of Azure's gateway knows what another one took.
 */
const looks = 3;

/**
 * Looks, checks the run's mark, deletes, and proves by a GET that answers 404. Without the mark it is somebody else's,
 * or was taken from the run: told with both values, not touched (W3, W6).
 */
export async function deleteResource<S extends State>(
  id: string,
  context: StepContext,
  ownership: Ownership<S>,
  remove: (lro: Lro, isOwned: Owned<S>) => Promise<'removed' | 'absent'>,
): Promise<Undone> {
  let foreign: S | undefined;
  const isOwned = (state: S): boolean => {
    const isOurs = isSameId(ownership.read(state) ?? '', ownership.wrote);
    if (!isOurs) foreign = state;
    return isOurs;
  };
  try {
    let end = await remove(resumeFrom(context), isOwned);
    for (let look = 1; end === 'absent' && look < looks; look++) {
      await sleep(context.pollIntervalMs, undefined, { signal: context.signal });
      end = await remove(resumeFrom({ ...context, resume: undefined }), isOwned);
    }
    return end === 'removed'
      ? { outcome: 'done', detail: `${nameOf(id)} is gone` }
      : { outcome: 'nothing', detail: `${nameOf(id)} did not exist` };
  } catch (error) {
    if (!(error instanceof AzureError) || error.code !== ownCodes.notOwned || foreign === undefined) throw error;
    const is = ownership.read(foreign) ?? 'absent';
    const of = `${ownership.what} of ${nameOf(foreign.id)}`;
    const detail = `The ${of} is ${is}, this run wrote ${ownership.wrote}; left alone`;
    return { outcome: 'conflict', detail };
  }
}

/** Everything that tells nothing of its run. */
export const unmarked = {
  ...{ owner: '', createdAt: null, expiresAt: null },
  ...{ orphan: false, resourceGroup: null, execution: null },
} as const;

/** What every step that makes a tagged resource is told; absent: no tags but the run's. */
export interface Tagged {
  readonly tags?: Tags | undefined;
}

/** The site's tags, as a step's input tells them. */
export const tagWith = ({ tags = {} }: Tagged): Tagged => (Object.keys(tags).length === 0 ? {} : { tags });

/** A type of resource that carries the run's tags. */
export interface TaggedResource {
  /** For people: `VNet`. */
  readonly what: string;
  readonly collectionOf: (azure: Azure) => Pick<Collection<never, State>, 'get'> & Listed<State>;
  readonly idIn: (ids: AzureIds) => string;
  readonly undo: (place: Place) => UndoDraft;
}

/** A thing is a run's when it carries the run's tag and the name that the run gave it. */
export function traceTagged(...resources: readonly TaggedResource[]): Traces {
  return {
    listPlaces: async (search) => (await Promise.all(resources.map((resource) => listTagged(resource, search)))).flat(),
    atPlace: async (place, search) =>
      (await Promise.all(resources.map((resource) => findTagged(resource, place, search)))).flat(),
  };
}

async function listTagged({ collectionOf }: TaggedResource, { azure, sweep }: AzureSearch): Promise<Place[]> {
  const place = { subscriptionId: sweep.subscriptionId, resourceGroup: sweep.vmResourceGroup };
  const states = await collectionOf(azure).list(place);
  return states.flatMap(({ tags }) => {
    const marks = readTags(tags);
    return marks === undefined ? [] : [{ ...place, runId: marks.runId }];
  });
}

async function findTagged(resource: TaggedResource, place: Place, search: AzureSearch): Promise<Trace[]> {
  const { what, collectionOf, idIn, undo } = resource;
  const state = await collectionOf(search.azure)
    .get(idIn(createIds(place)))
    .catch(ignoreRefusalOutside(place, search));
  const marks = state === undefined ? undefined : readTags(state.tags);
  if (state === undefined || marks?.runId !== place.runId) return [];
  const { resourceGroup } = place;
  return [
    { ...unmarked, ...marks, what: `${what} ${nameOf(state.id)}`, id: state.id, resourceGroup, undo: undo(place) },
  ];
}

/** What may not be read is not seen; in the group that the sweep is for, all of it must be readable. */
export function ignoreRefusalOutside(place: Place, { sweep }: AzureSearch): (error: unknown) => undefined {
  const isHere = isSameId(
    `${place.subscriptionId}/${place.resourceGroup}`,
    `${sweep.subscriptionId}/${sweep.vmResourceGroup}`,
  );
  return (error) => {
    if (!isHere && error instanceof AzureError && error.status === 403) return undefined;
    throw error;
  };
}
