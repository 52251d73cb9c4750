/**
 * The parts of an ARM id `/subscriptions/{s}/resourceGroups/{g}[/providers/{namespace}/{type}/{name}[/{type}/{name}]]`.
 */
export interface ArmId {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** Such as `Microsoft.Network`; empty for a resource group. */
  readonly namespace: string;
  /** Types, outermost first. */
  readonly types: readonly string[];
  /** Names, outermost first. */
  readonly names: readonly string[];
}

const shape = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)(?:\/providers\/([^/]+)((?:\/[^/]+\/[^/]+)+))?$/i;

/** Throws TypeError for anything else than the id of a resource group or of something in one. */
export function parseId(id: string): ArmId {
  const [, subscriptionId, resourceGroup, namespace = '', path = ''] = shape.exec(id) ?? [];
  if (subscriptionId === undefined || resourceGroup === undefined)
    throw new TypeError(`not the id of an ARM resource: ${id}`);
  const parts = path.split('/').slice(1);
  return {
    subscriptionId,
    resourceGroup,
    namespace,
    types: parts.filter((_, n) => n % 2 === 0),
    names: parts.filter((_, n) => n % 2 === 1),
  };
}

/** The last name of an id: the resource's own. */
export function nameOf(id: string): string {
  const name = parseId(id).names.at(-1);
  if (name === undefined) throw new TypeError(`not the id of a resource: ${id}`);
  return name;
}

/** ARM ids are equal whatever their case. */
export const isSameId = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
