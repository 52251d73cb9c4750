/** The network security group of a probe VM, with the workshop's rule AllowRuleSSH. */

import type { RunRef } from '../../contract/run.ts';
import { formCommand } from '../../contract/shell.ts';
import { createTags } from '../../ownership/marks.ts';
import { createIds, readLastName } from '../../ownership/names.ts';
import { isTaggedBy, resumeFrom } from '../../step/lro.ts';
import { deleteResource, ownByTag, type Tagged, tagWith, traceTagged } from '../azure-resource.ts';
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
    createSecurityGroup: async (input: SecurityGroupInput, { azure }, context) => {
      const id = createIds(context.run).securityGroup;
      const body = createSecurityGroupBody(context.run, input);
      await azure.securityGroups.ensure(id, body, resumeFrom(context), isTaggedBy(context.run));
      return { found: ruleName };
    },
  },
  undo: {
    deleteSecurityGroup: ({ id }: { readonly id: string }, { azure }, context) =>
      deleteResource(id, context, ownByTag(context), (lro, isOwned) => azure.securityGroups.remove(id, lro, isOwned)),
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

export const createSecurityGroupBody = (run: RunRef, { allowedSshSources, tags }: SecurityGroupInput) => ({
  location: run.location,
  tags: createTags(run, tags),
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
