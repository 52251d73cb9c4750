import { setTimeout as sleep } from 'node:timers/promises';
import { type Api, ApiError, type KubernetesObject } from './api.ts';

/** Every object of the cluster by `<group/version> <kind> <namespace>/<name>`, sorted. */
export type Snapshot = Readonly<Record<string, unknown>>;

/** Kinds that come and go by themselves, or that only mirror others. */
const skippedKinds = new Set(['Event', 'ComponentStatus']);
/** The API server renews the lease of its own identity. */
const isSkipped = ({ kind }: ServedKind, { metadata }: KubernetesObject): boolean =>
  kind === 'Lease' && metadata.name.startsWith('apiserver-');
const skippedMetadata = new Set([
  'resourceVersion',
  'uid',
  'managedFields',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'selfLink',
]);
/** Times and counters in specs and statuses, whatever the kind. */
const skippedFields = new Set([
  ...[
    'lastTransitionTime',
    'lastHeartbeatTime',
    'lastProbeTime',
    'lastUpdateTime',
    'startTime',
    'startedAt',
    'finishedAt',
    'observedGeneration',
    'uid',
  ],
  ...['endpoints.kubernetes.io/last-change-trigger-time'],
]);

/**
 * Reads all objects of all served kinds, in their preferred version, without what differs between two equal clusters.
 */
export async function takeSnapshot(api: Api): Promise<Snapshot> {
  const lists = await Promise.all(
    (await listServedKinds(api)).map(async (kind) => ({ kind, items: await listObjects(api, kind) })),
  );
  const entries = lists.flatMap(({ kind, items }) =>
    items
      .filter((item) => !isSkipped(kind, item))
      .map(
        ({ metadata, ...rest }) =>
          [
            `${kind.version} ${kind.kind} ${metadata.namespace ?? ''}/${metadata.name}`,
            { metadata: omitFields(metadata, skippedMetadata), ...rest },
          ] as const,
      ),
  );
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, object]) => [key, omitFields(object, skippedFields)]),
  );
}

interface ServedKind {
  readonly kind: string;
  /** As in apiVersion. */
  readonly version: string;
  readonly path: string;
}

interface Discovery {
  readonly items: readonly {
    /** Absent for the core group. */
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind?: { readonly kind: string };
        readonly verbs: readonly string[];
      }[];
    }[];
  }[];
}

/** Aggregated discovery lists the preferred version first; a resource may be served by a later one only. */
async function listServedKinds(api: Api): Promise<ServedKind[]> {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const [core, groups] = await Promise.all([api.read<Discovery>('/api', accept), api.read<Discovery>('/apis', accept)]);
  const kinds = new Map<string, ServedKind>();
  for (const group of [...core.items, ...groups.items]) {
    const groupName = group.metadata?.name ?? '';
    for (const { version, resources = [] } of group.versions ?? []) {
      const groupVersion = groupName === '' ? version : `${groupName}/${version}`;
      for (const { resource, responseKind, verbs } of resources) {
        const key = `${groupName} ${resource}`;
        if (
          !verbs.includes('list') ||
          kinds.has(key) ||
          responseKind === undefined ||
          skippedKinds.has(responseKind.kind)
        )
          continue;
        kinds.set(key, {
          kind: responseKind.kind,
          version: groupVersion,
          path: `${groupName === '' ? '/api' : '/apis'}/${groupVersion}/${resource}`,
        });
      }
    }
  }
  return [...kinds.values()];
}

/** A kind that was just withdrawn is empty; a list that the server is still re-reading (429) is requested again. */
async function listObjects(api: Api, { path }: ServedKind): Promise<readonly KubernetesObject[]> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return (await api.read<{ items: readonly KubernetesObject[] | null }>(path)).items ?? [];
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return [];
      if (!(error instanceof ApiError && error.status === 429) || Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

/** Conditions come in the order in which they last changed; everything else keeps its order. */
function compareTypes(a: unknown, b: unknown): number {
  const type = (item: unknown): unknown =>
    typeof item === 'object' && item !== null && 'type' in item && 'status' in item ? item.type : undefined;
  const [left, right] = [type(a), type(b)];
  return typeof left === 'string' && typeof right === 'string' ? left.localeCompare(right) : 0;
}

function omitFields(value: unknown, fields: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => omitFields(item, fields)).toSorted(compareTypes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([field]) => !fields.has(field))
      .map(([field, inner]) => [field, omitFields(inner, fields)]),
  );
}
