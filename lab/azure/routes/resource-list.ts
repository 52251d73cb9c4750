import { createArmError } from '../arm/errors.ts';
import type { ArmRequest } from '../arm/http.ts';
import { isListed, type Resource } from '../arm/store.ts';
import { isInGroup } from '../arm/writes.ts';
import { isGroupedResource } from './group-types.ts';

/**
 * The filters that tools send: `resourceGroup`, `resourceType`, `name`, `tagName`, `tagValue`, each `eq '…'`, joined by
 * `and`.
 */
export function listResources(request: ArmRequest, group?: string): { value: object[] } {
  const { arm, query } = request;
  const filter = query['$filter'] ?? '';
  const wanted = filter === '' ? [] : filter.split(/\s+and\s+/i).map((term) => parseTerm(term, filter));
  const matching = arm.store
    .list()
    .filter(
      (resource) =>
        isGroupedResource(resource) &&
        isListed(resource) &&
        (group === undefined || isInGroup(resource, group)) &&
        wanted.every(({ field, value }) => matchesTerm(resource, field, value, wanted)),
    );
  return {
    value: matching.map(({ id, name, type, location, tags, sku }) => ({
      id,
      name,
      type,
      location,
      ...(tags && { tags }),
      ...(sku && { sku }),
    })),
  };
}

interface Term {
  readonly field: string;
  readonly value: string;
}

function parseTerm(term: string, filter: string): Term {
  const parts = /^\s*(resourceGroup|resourceType|name|tagName|tagValue)\s+eq\s+'([^']*)'\s*$/i.exec(term);
  if (parts === null) throw createArmError('InvalidFilterInQueryString', { text: filter });
  return { field: parts[1]?.toLowerCase() ?? '', value: parts[2]?.toLowerCase() ?? '' };
}

function matchesTerm(resource: Resource, field: string, value: string, all: readonly Term[]): boolean {
  const tags = new Map(
    Object.entries(resource.tags ?? {}).map(([name, text]) => [name.toLowerCase(), text.toLowerCase()]),
  );
  if (field === 'resourcegroup') return resource.group.toLowerCase() === value;
  if (field === 'resourcetype') return resource.type.toLowerCase() === value;
  if (field === 'name') return resource.name.toLowerCase() === value;
  if (field === 'tagname') return tags.has(value);
  return tags.get(all.find((term) => term.field === 'tagname')?.value ?? '') === value;
}
