/** The network interface of a probe VM: its address is the source that nodes see. */

import type { RunRef } from '../../contract/run.ts';
import { formCommand } from '../../contract/shell.ts';
import { createTags } from '../../ownership/marks.ts';
import { createIds, readLastName } from '../../ownership/names.ts';
import { isTaggedBy, resumeFrom } from '../../step/lro.ts';
import { until } from '../../step/wait.ts';
import { deleteResource, ownByTag, type Tagged, tagWith, traceTagged } from '../azure-resource.ts';
import { defineKind, type UndoDraft } from '../kind.ts';
import { azureLimits } from '../limits.ts';
import { listActions } from '../rights.ts';

export interface InterfaceChange extends Tagged {
  readonly kind: 'networkInterface';
  readonly [field: string]: unknown;
}

export const networkInterface = defineKind<InterfaceChange>({
  rank: 13,
  plan: (change, { run }) => ({
    step: 'createInterface',
    subject: '',
    input: tagWith(change),
    words: 'A network interface',
    limits: azureLimits,
    undo: planUndo(createIds(run).interface),
  }),
  apply: {
    createInterface: async (input: Tagged, { azure }, context) => {
      const id = createIds(context.run).interface;
      const body = createInterfaceBody(context.run, input);
      const made = await azure.interfaces.ensure(id, body, resumeFrom(context), isTaggedBy(context.run));
      const read = async () => (await azure.interfaces.get(id))?.privateAddress || undefined;
      const sourceAddress = made.privateAddress || (await until(context, read));
      return { found: sourceAddress, facts: { sourceAddress } };
    },
  },
  undo: {
    deleteInterface: ({ id }: { readonly id: string }, { azure }, context) =>
      deleteResource(id, context, ownByTag(context), (lro, isOwned) => azure.interfaces.remove(id, lro, isOwned)),
  },
  traces: traceTagged({
    what: 'interface',
    collectionOf: (azure) => azure.interfaces,
    idIn: (ids) => ids.interface,
    undo: (place) => planUndo(createIds(place).interface),
  }),
  rights: {
    azure: listActions(['group'], 'Microsoft.Network/networkInterfaces', 'read', 'write', 'delete', 'join/action'),
    kubernetes: [],
  },
});

/** In the run's subnet, with its public address and security group. */
export function createInterfaceBody(run: RunRef, { tags }: Tagged = {}) {
  const { subnet, publicIp, securityGroup } = createIds(run);
  return {
    location: run.location,
    tags: createTags(run, tags),
    networkSecurityGroup: { id: securityGroup },
    ipConfigurations: [
      {
        name: 'primary',
        primary: true,
        privateIPAllocationMethod: 'Dynamic',
        privateIPAddressVersion: 'IPv4',
        subnet: { id: subnet },
        publicIPAddress: { id: publicIp },
      },
    ],
  };
}

const planUndo = (id: string): UndoDraft => ({
  undo: 'deleteInterface',
  input: { id },
  subject: readLastName(id),
  command: formCommand('az', 'network', 'nic', 'delete', '--ids', id),
  moment: null,
});
