import { randomUUID } from 'node:crypto';

/** Free-form properties of a resource; each file of resources/ knows the shape of its own. */
export type Properties = object & { provisioningState?: string };

/**
 * One ARM resource. Children (subnets, peerings, rules) are resources of their own; their parents' views inline them.
 */
export interface Resource<P extends Properties = Properties> {
  /** In the case in which it was created; look-ups ignore case. */
  readonly id: string;
  readonly name: string;
  /** Such as `Microsoft.Network/virtualNetworks/subnets`. */
  readonly type: string;
  /** Name of the resource group. */
  readonly group: string;
  location?: string | undefined;
  tags?: Record<string, string> | undefined;
  sku?: object | undefined;
  zones?: string[] | undefined;
  etag: string;
  properties: P;
  /**
   * Whether the data plane has it: from just before its creation reports success until its deletion begins to take
   * effect.
   */
  real: boolean;
  /** Epoch milliseconds until which lists do not show it: a fault. */
  unlistedUntil?: number;
}

/** Whether lists show it. */
export const isListed = ({ unlistedUntil = 0 }: Resource): boolean => Date.now() >= unlistedUntil;

/** All resources, by id in any case. */
export class Store {
  readonly #resources = new Map<string, Resource>();
  /** Ids of everything that was created, in order; an id that was created twice is listed twice. */
  readonly creations: string[] = [];

  /** The caller names the shape of the properties that the type at this id has. */
  get<P extends Properties = Properties>(id: string): Resource<P> | undefined {
    return this.#resources.get(normalizeId(id)) as Resource<P> | undefined;
  }

  put<P extends Properties>(resource: Resource<P>): Resource<P> {
    if (!this.#resources.has(normalizeId(resource.id))) this.creations.push(resource.id);
    this.#resources.set(normalizeId(resource.id), resource);
    return resource;
  }

  /** Removes a resource and its children. */
  remove(id: string): void {
    const key = normalizeId(id);
    for (const other of [...this.#resources.keys()])
      if (other === key || other.startsWith(`${key}/`)) this.#resources.delete(other);
  }

  /** Every resource, ordered by id. */
  list(): Resource[] {
    return [...this.#resources].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, resource]) => resource);
  }

  listByType<P extends Properties = Properties>(type: string): Resource<P>[] {
    return this.list().filter((resource) => normalizeId(resource.type) === normalizeId(type)) as Resource<P>[];
  }

  /** Resources of a type that belong to a parent, ordered by id. */
  listChildren<P extends Properties = Properties>(parentId: string, type: string): Resource<P>[] {
    return this.listByType<P>(type).filter((resource) =>
      normalizeId(resource.id).startsWith(`${normalizeId(parentId)}/`),
    );
  }
}

/** Ids are compared without regard to case. */
export const normalizeId = (id: string): string => id.toLowerCase();

export const isSameId = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && normalizeId(a) === normalizeId(b);

export const createEtag = (): string => `W/"${randomUUID()}"`;

/** Id of a child's parent: the id without its last two segments. */
export const readParentId = (id: string): string => id.split('/').slice(0, -2).join('/');
