/** What kinds of Azure resources share: tags, a delete that is proved, and traces by tag and name. */
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
import { createTags, isNamedBy, proveTags, readTags, runTag, signatureTag } from '../ownership/marks.ts';
import { type AzureIds, createIds } from '../ownership/names.ts';
import type { StepContext, Tools, Undone } from '../step/context.ts';
import { resumeFrom } from '../step/lro.ts';
import type { AzureSearch, Place, Trace, Traces, UndoDraft } from './kind.ts';

/** Whether a resource is the run's, and if not, how that shows. */
export interface Belonging<S> {
  isOwned(state: S): boolean;
  explain(state: S): string;
}

/** The run's own signed tags (W14). A disk that was made with its VM carries the VM's tags: `id` is the VM's then. */
export const belongByTags = (id: string, { signer }: Tools, { run }: Pick<StepContext, 'run'>): Belonging<State> => ({
  isOwned: ({ tags }) => {
    const marks = readTags(tags);
    return marks !== undefined && isNamedBy(marks, run) && proveTags(marks, id, signer) === 'proved';
  },
  explain: (state) =>
    state.tags[runTag] === run.runId
      ? `The tag ${signatureTag} of ${nameOf(state.id)} is not what this run wrote with this worker's secret`
      : describeDifference(`tag ${runTag}`, state, state.tags[runTag], run.runId),
});

/** Both values, for people. */
export const describeDifference = (what: string, { id }: State, is: string | undefined, wrote: string): string =>
  `The ${what} of ${nameOf(id)} is ${is ?? 'absent'}, this run wrote ${wrote}`;

/** All tags of a resource: the run's, which nothing overrides (W6), beside the site's. */
export const createAllTags = (
  id: string,
  { signer }: Pick<Tools, 'signer'>,
  { run }: Pick<StepContext, 'run'>,
  { tags: own }: Tagged,
): Tags => ({ ...own, ...createTags(run, id, signer) });

/** Made once, with all its tags (W9). */
export function ensureTagged<Body extends object, S extends State>(
  id: string,
  collection: Collection<Body, S>,
  body: Body,
  tools: Tools,
  context: StepContext,
  own: Tagged = {},
): Promise<S> {
  const tags = createAllTags(id, tools, context, own);
  return collection.ensure(id, { ...body, tags }, resumeFrom(context), belongByTags(id, tools, context).isOwned);
}

export const deleteTagged = <Body, S extends State>(
  id: string,
  collection: Pick<Collection<Body, S>, 'remove'>,
  tools: Tools,
  context: StepContext,
): Promise<Undone> =>
  deleteResource(id, context, belongByTags(id, tools, context), (lro, isOwned) => collection.remove(id, lro, isOwned));

/**
 * How often Azure is asked before it is believed that nothing was made. An undo follows a creation that may have been
 * sent, and for some seconds not every replica of Azure's gateway knows what another one took.
 */
const looks = 3;

/**
 * Looks, checks the run's mark, deletes, and proves by a GET that answers 404. Without the mark it is somebody else's,
 * or was taken from the run: told, not touched (W3, W6).
 */
export async function deleteResource<S extends State>(
  id: string,
  context: StepContext,
  belonging: Belonging<S>,
  remove: (lro: Lro, isOwned: Owned<S>) => Promise<'removed' | 'absent'>,
): Promise<Undone> {
  let foreign: S | undefined;
  const isOwned = (state: S): boolean => {
    const isOurs = belonging.isOwned(state);
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
      : { outcome: 'nothing', detail: `${nameOf(id)} did not exist`, isAbsent: true };
  } catch (error) {
    if (!(error instanceof AzureError) || error.code !== ownCodes.notOwned || foreign === undefined) throw error;
    return { outcome: 'conflict', detail: `${belonging.explain(foreign)}; left alone` };
  }
}

/** Everything that tells nothing of its run. */
export const unmarked = {
  ...{ owner: '', firstExecutionRunId: '', createdAt: null, expiresAt: null, ownership: 'proved' },
  ...{ orphan: false, resourceGroup: null, namespace: null },
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
  /** Whose tags it carries; absent: its own. */
  readonly taggedAs?: (ids: AzureIds) => string;
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
  const { what, collectionOf, idIn, taggedAs = idIn, undo } = resource;
  const ids = createIds(place);
  const state = await collectionOf(search.azure).get(idIn(ids)).catch(ignoreRefusalOutside(place, search));
  const marks = state === undefined ? undefined : readTags(state.tags);
  if (state === undefined || marks?.runId !== place.runId) return [];
  const { signature: _, ...told } = marks;
  const { resourceGroup } = place;
  const ownership = proveTags(marks, taggedAs(ids), search.signer);
  const trace = { ...unmarked, ...told, what: `${what} ${nameOf(state.id)}`, id: state.id };
  return [{ ...trace, resourceGroup, ownership, undo: undo(place) }];
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
