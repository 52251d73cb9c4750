/** The network interface of a probe VM: its address is the source that nodes see. */

import type { RunRef } from '../../contract/run.ts';
import { formCommand } from '../../contract/shell.ts';
import { createIds, readLastName } from '../../ownership/names.ts';
import { until } from '../../step/wait.ts';
import { deleteTagged, ensureTagged, type Tagged, tagWith, traceTagged } from '../azure-resource.ts';
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
    createInterface: async (input: Tagged, tools, context) => {
      const id = createIds(context.run).interface;
      const { interfaces } = tools.azure;
      const made = await ensureTagged(id, interfaces, createInterfaceBody(context.run), tools, context, input);
      const read = async () => (await interfaces.get(id))?.privateAddress || undefined;
      const sourceAddress = made.privateAddress || (await until(context, read));
      return { found: sourceAddress, facts: { sourceAddress } };
    },
  },
  undo: {
    deleteInterface: ({ id }: { readonly id: string }, tools, context) =>
      deleteTagged(id, tools.azure.interfaces, tools, context),
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
export function createInterfaceBody(run: RunRef) {
  const { subnet, publicIp, securityGroup } = createIds(run);
  return {
    location: run.location,
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
