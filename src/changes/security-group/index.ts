/** The network security group of a probe VM, with the workshop's rule AllowRuleSSH. */

import type { RunRef } from '../../contract/run.ts';
import { formCommand } from '../../contract/shell.ts';
import { createIds, readLastName } from '../../ownership/names.ts';
import { deleteTagged, ensureTagged, type Tagged, tagWith, traceTagged } from '../azure-resource.ts';
import { defineKind, type UndoDraft } from '../kind.ts';
import { azureLimits } from '../limits.ts';
import { listActions } from '../rights.ts';

interface SecurityGroupInput extends Tagged {
  /** CIDRs, or `*`. */
  readonly allowedSshSources: readonly string[];
}

export interface SecurityGroupChange extends SecurityGroupInput {
  readonly kind: 'securityGroup';
  readonly [field: string]: unknown;
}

const ruleName = 'AllowRuleSSH';

export const securityGroup = defineKind<SecurityGroupChange>({
  rank: 12,
  plan: ({ allowedSshSources, tags }, { run }) => ({
    step: 'createSecurityGroup',
    subject: '',
    input: { allowedSshSources, ...tagWith({ tags }) },
    words: 'A network security group that lets SSH in',
    limits: azureLimits,
    undo: planUndo(createIds(run).securityGroup),
  }),
  apply: {
    createSecurityGroup: async (input: SecurityGroupInput, tools, context) => {
      const id = createIds(context.run).securityGroup;
      const body = createSecurityGroupBody(context.run, input);
      await ensureTagged(id, tools.azure.securityGroups, body, tools, context, input);
      return { found: ruleName };
    },
  },
  undo: {
    deleteSecurityGroup: ({ id }: { readonly id: string }, tools, context) =>
      deleteTagged(id, tools.azure.securityGroups, tools, context),
  },
  traces: traceTagged({
    what: 'security group',
    collectionOf: (azure) => azure.securityGroups,
    idIn: (ids) => ids.securityGroup,
    undo: (place) => planUndo(createIds(place).securityGroup),
  }),
  rights: {
    azure: listActions(['group'], 'Microsoft.Network/networkSecurityGroups', 'read', 'write', 'delete', 'join/action'),
    kubernetes: [],
  },
});

export const createSecurityGroupBody = (run: RunRef, { allowedSshSources }: SecurityGroupInput) => ({
  location: run.location,
  securityRules: [
    {
      name: ruleName,
      priority: 1000,
      direction: 'Inbound',
      access: 'Allow',
      protocol: 'Tcp',
      ...listSources(allowedSshSources),
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      destinationPortRange: '22',
    },
  ],
});

/** `*` and service tags may only stand alone, in the singular field; several CIDRs go into the plural one. */
function listSources(
  allowed: readonly string[],
): { sourceAddressPrefix: string } | { sourceAddressPrefixes: string[] } {
  const [first, second] = allowed;
  if (allowed.includes('*')) return { sourceAddressPrefix: '*' };
  return first !== undefined && second === undefined
    ? { sourceAddressPrefix: first }
    : { sourceAddressPrefixes: [...allowed] };
}

const planUndo = (id: string): UndoDraft => ({
  undo: 'deleteSecurityGroup',
  input: { id },
  subject: readLastName(id),
  command: formCommand('az', 'network', 'nsg', 'delete', '--ids', id),
  moment: null,
});
