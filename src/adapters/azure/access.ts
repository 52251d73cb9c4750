import type { Clients } from './clients.ts';
import { exchange } from './exchange.ts';
import { parseId } from './ids.ts';
import { collectAll, passAbsent } from './resource.ts';

/** What the credential may do, as Azure tells it: one entry per role assignment. */
export interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

export interface Access {
  /** Of a resource group or a resource, by its id. */
  permissions(scopeId: string): Promise<readonly Permission[]>;
  groupExists(group: { readonly subscriptionId: string; readonly resourceGroup: string }): Promise<boolean>;
}

export function createAccess(clients: Clients): Access {
  return {
    async permissions(scopeId) {
      const { subscriptionId, resourceGroup, namespace, types, names } = parseId(scopeId);
      const { permissions } = await clients.permissions(subscriptionId);
      const parent = types
        .slice(0, -1)
        .map((type, n) => `${type}/${names[n]}`)
        .join('/');
      const list =
        namespace === ''
          ? () => permissions.listForResourceGroup(resourceGroup)
          : () => permissions.listForResource(resourceGroup, namespace, parent, types.at(-1) ?? '', names.at(-1) ?? '');
      const found = await exchange(`read the permissions of ${names.at(-1) ?? resourceGroup}`, undefined, () =>
        collectAll(list()),
      );
      return found.map(({ actions, notActions }) => ({ actions: actions ?? [], notActions: notActions ?? [] }));
    },
    async groupExists({ subscriptionId, resourceGroup }) {
      const { resourceGroups } = await clients.groups(subscriptionId);
      const found = await exchange(`read resource group ${resourceGroup}`, undefined, () =>
        resourceGroups.get(resourceGroup),
      ).catch(passAbsent);
      return found !== undefined;
    },
  };
}
