import * as z from 'zod';
import { type Call, createFailure } from '../faults/table.ts';
import type { Locks, ResourceType } from '../resources/type.ts';
import type { Arm } from './arm.ts';
import { createArmError } from './errors.ts';
import { formatIssues } from './issues.ts';
import type { Operation } from './operations.ts';
import { createEtag, isSameId, normalizeId, type Resource, readParentId } from './store.ts';

/** A request for one resource, its path read. */
export interface Target {
  readonly type: ResourceType;
  /** Full id in canonical form, names as the caller wrote them. */
  readonly id: string;
  readonly name: string;
  readonly group: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly call: Call;
}

const envelopeSchema = z.looseObject({
  location: z.string().optional(),
  tags: z.record(z.string(), z.string()).nullish(),
  sku: z.looseObject({}).nullish(),
  zones: z.array(z.string()).nullish(),
});

/** PUT: stores the resource at once, and starts the operation that makes it real. */
export function writeResource(
  arm: Arm,
  target: Target,
  rawBody: unknown,
): { resource: Resource; created: boolean; operation: Operation } {
  const { type, query } = target;
  if (type.write === undefined) throw createArmError('MethodNotAllowed', { text: `PUT ${type.type}` });
  const existing = arm.store.get(target.id);
  const id = existing?.id ?? target.id;
  refuseWithoutParent(arm, target);
  const body = parseBody(type.write.body, rawBody);
  refuseLocked(arm, type, id, type.locks(id, arm, body));
  for (const link of type.write.links?.(body) ?? []) {
    if (!arm.rights.allows(link.action, link.id))
      throw createArmError('LinkedAuthorizationFailed', { id, other: link.id, text: link.action });
  }
  const envelope = parseBody(envelopeSchema, rawBody);
  if (existing?.location !== undefined && envelope.location !== undefined && existing.location !== envelope.location)
    throw createArmError('PropertyChangeNotAllowed', { text: 'location' });
  const properties = type.write.accept({ arm, id, body, query }, existing);
  const resource = arm.store.put({
    id,
    name: existing?.name ?? target.name,
    type: type.type,
    group: target.group,
    location: envelope.location,
    tags: envelope.tags ?? undefined,
    sku: envelope.sku ?? undefined,
    zones: envelope.zones ?? undefined,
    etag: createEtag(),
    properties: { ...properties, provisioningState: existing?.real ? 'Updating' : type.whileWriting },
    real: existing?.real ?? false,
  });
  const lag = existing === undefined ? arm.faults.take('listLag', target.call) : undefined;
  if (lag !== undefined) resource.unlistedUntil = Date.now() + lag.delayMs;
  return {
    resource,
    created: existing === undefined,
    operation: startWrite(arm, target, resource, type.locks(id, arm, body)),
  };
}

function startWrite(arm: Arm, { type, call }: Target, resource: Resource, locks: Locks): Operation {
  const fail = arm.faults.take('failOperation', call);
  const wasReal = resource.real;
  return arm.operations.start({
    provider: readProvider(type),
    method: 'PUT',
    resourceId: resource.id,
    locks: [...locks.own, ...(locks.referenced ?? [])],
    durationMs:
      arm.timing.durations[(wasReal && type.lasts.update) || type.lasts.create] +
      (arm.faults.take('slowPeering', call)?.delayMs ?? 0),
    fail: fail && createFailure(fail, resource.id),
    failedAs: fail?.end,
    lost: arm.faults.take('loseOperation', call) !== undefined,
    work: async () => {
      resource.real = true;
      await type.write?.realise(resource, arm);
      if (resource.properties.provisioningState === 'Deleting') return; // a deletion preempted it
      resource.properties.provisioningState = 'Succeeded';
      resource.etag = createEtag();
    },
    failed: () => {
      resource.real = wasReal;
      if (!wasReal) type.write?.failed?.(resource, arm);
      if (resource.properties.provisioningState !== 'Deleting') resource.properties.provisioningState = 'Failed';
    },
  });
}

/**
 * DELETE: starts the operation that ends the resource; undefined when there is none. A second DELETE gets the operation
 * of the first.
 */
export function removeResource(arm: Arm, target: Target): Operation | undefined {
  const { type, call } = target;
  const resource = arm.store.get(target.id);
  if (resource === undefined) return undefined;
  const removal = type.removal;
  if (removal === undefined) throw createArmError('MethodNotAllowed', { text: `DELETE ${type.type}` });
  const holder = arm.operations.findHolder(resource.id);
  if (holder?.method === 'DELETE' && isSameId(holder.resourceId, resource.id)) return holder;
  const locks = type.locks(resource.id, arm, undefined);
  const preempted = preemptCreation(type, holder);
  if (preempted === undefined) refuseLocked(arm, type, resource.id, locks);
  removal.refuse?.(resource, arm);
  const fail = arm.faults.take('failOperation', call);
  resource.properties.provisioningState = 'Deleting';
  return arm.operations.start({
    provider: readProvider(type),
    method: 'DELETE',
    resourceId: resource.id,
    locks: [...locks.own, ...(locks.referenced ?? [])],
    durationMs: arm.timing.durations[type.lasts.remove] + (arm.faults.take('slowPeering', call)?.delayMs ?? 0),
    fail: fail && createFailure(fail, resource.id),
    failedAs: fail?.end,
    lost: arm.faults.take('loseOperation', call) !== undefined,
    work: async () => {
      await preempted?.settled;
      await eraseResource(arm, type, resource);
    },
    failed: () => {
      resource.properties.provisioningState = 'Failed';
    },
  });
}

/** Removes a resource from the data plane and from the store. */
export async function eraseResource(arm: Arm, type: ResourceType, resource: Resource): Promise<void> {
  resource.real = false;
  await type.removal?.erase(resource, arm);
  arm.store.remove(resource.id);
}

/** A machine can be deleted while it is being made: that ends its creation. */
function preemptCreation(type: ResourceType, holder: Operation | undefined): Operation | undefined {
  if (type.type !== 'Microsoft.Compute/virtualMachines' || holder === undefined) return undefined;
  holder.preempt();
  return holder;
}

function refuseWithoutParent(arm: Arm, { type, id }: Target): void {
  if (type.type.split('/').length === 2) return;
  const parent = readParentId(id);
  if (arm.store.get(parent) === undefined) throw createArmError('ParentResourceNotFound', { id, other: parent });
}

/** One write at a time: networks answer AnotherOperationInProgress, machines Conflict. */
function refuseLocked(arm: Arm, type: ResourceType, id: string, locks: Locks): void {
  const busy = locks.own.find((each) => arm.operations.findHolder(each) !== undefined);
  if (busy !== undefined)
    throw readProvider(type) === 'Microsoft.Network'
      ? createArmError('AnotherOperationInProgress', { id, other: busy })
      : createArmError('Conflict', { id: busy });
  const unready = locks.referenced?.find((each) => arm.operations.findHolder(each) !== undefined);
  if (unready !== undefined) throw createArmError('ReferencedResourceNotProvisioned', { id, other: unready });
}

function parseBody<B>(schema: z.ZodType<B>, raw: unknown): B {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw createArmError('InvalidRequestFormat', {
    text: formatIssues(parsed.error),
  });
}

const readProvider = (type: ResourceType): string => type.type.split('/')[0] ?? '';

/** True for ids of the same group, in any case. */
export const isInGroup = (resource: Resource, group: string): boolean =>
  normalizeId(resource.group) === normalizeId(group);
