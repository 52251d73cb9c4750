import { readFileSync } from 'node:fs';
import * as z from 'zod';

/** What a role definition allows. */
export interface Role {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

/** Without a role file everything is allowed, as for an Owner. */
export const owner: Role = { actions: ['*'], notActions: [] };

const list = z.array(z.string()).default([]);
/** The two shapes in use: that of `az role definition create` (capital letters), and that of the REST API. */
const roleFile = z.union([
  z
    .looseObject({ Actions: z.array(z.string()), NotActions: list })
    .transform((role) => ({ actions: role.Actions, notActions: role.NotActions })),
  z
    .looseObject({
      properties: z.looseObject({ permissions: z.array(z.looseObject({ actions: list, notActions: list })).min(1) }),
    })
    .transform(({ properties: { permissions } }) => ({
      actions: permissions.flatMap((each) => each.actions),
      notActions: permissions.flatMap((each) => each.notActions),
    })),
  z.looseObject({ actions: z.array(z.string()), notActions: list }),
]);

/** What a role is assigned to: an id, for everything at or below it; the empty string for everything. */
export interface Assignment {
  readonly scope: string;
  readonly role: Role;
}

/** The rights of the one caller there is: its role assignments. */
export class Rights {
  readonly #assignments: readonly Assignment[];
  readonly #checked = new Set<string>();

  constructor(assignments: readonly Assignment[]) {
    this.#assignments = assignments;
  }

  allows(action: string, scope: string): boolean {
    this.#checked.add(action);
    return this.listRoles(scope).some((role) => allows(role, action));
  }

  /**
   * The roles that apply at a scope. What a provider keeps for a location lies beside the resource groups: every role
   * of a group applies to it, and none of a single resource.
   */
  listRoles(scope: string): readonly Role[] {
    const isBeside = /^\/subscriptions\/[^/]+\/providers\/[^/]+\/locations\//i.test(scope);
    return this.#assignments
      .filter(
        (each) =>
          (isBeside && !/\/providers\//i.test(each.scope)) ||
          `${scope}/`.toLowerCase().startsWith(`${each.scope}/`.toLowerCase()) ||
          each.scope === '',
      )
      .map(({ role }) => role);
  }

  /** Every action that was checked so far, allowed or not. */
  get checkedActions(): readonly string[] {
    return [...this.#checked].sort();
  }
}

export function readRole(file: string): Role {
  const parsed = roleFile.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success)
    throw new Error(`${file} is no role definition: it has neither Actions nor properties.permissions.`);
  return { actions: parsed.data.actions, notActions: parsed.data.notActions };
}

/** Patterns match whole actions, `*` any run of characters, in any case of letters. */
export function allows(role: Role, action: string): boolean {
  const matches = (pattern: string): boolean =>
    new RegExp(
      `^${pattern
        .split('*')
        .map((part) => part.replaceAll(/[.\\/+?^$()[\]{}|]/g, '\\$&'))
        .join('.*')}$`,
      'i',
    ).test(action);
  return role.actions.some(matches) && !role.notActions.some(matches);
}
