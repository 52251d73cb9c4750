/** The VNet of a probe VM, with its one subnet. */
import { formCommand } from '../../contract/shell.ts';
import { createIds, nameResources, readLastName } from '../../ownership/names.ts';
import { deleteTagged, ensureTagged, tagWith, traceTagged } from '../azure-resource.ts';
import { defineKind, type UndoDraft } from '../kind.ts';
import { azureLimits } from '../limits.ts';
import { listActions } from '../rights.ts';
import { createNetworkBody, type NetworkInput } from './body.ts';

export interface NetworkChange extends NetworkInput {
  readonly kind: 'network';
  readonly [field: string]: unknown;
}

export const network = defineKind<NetworkChange>({
  rank: 10,
  plan: ({ addressSpace, subnet, tags }, { run }) => ({
    step: 'createNetwork',
    subject: '',
    input: { addressSpace, subnet, ...tagWith({ tags }) },
    words: `A VNet for the probe VM, ${addressSpace}`,
    limits: azureLimits,
    undo: planUndo(createIds(run).network),
  }),
  apply: {
    createNetwork: async (input: NetworkInput, tools, context) => {
      const { network: id } = createIds(context.run);
      await ensureTagged(id, tools.azure.networks, createNetworkBody(context.run, input), tools, context, input);
      return { found: nameResources(context.run.runId).network };
    },
  },
  undo: {
    deleteNetwork: ({ id }: { readonly id: string }, tools, context) =>
      deleteTagged(id, tools.azure.networks, tools, context),
  },
  traces: traceTagged({
    what: 'VNet',
    collectionOf: (azure) => azure.networks,
    idIn: (ids) => ids.network,
    undo: (place) => planUndo(createIds(place).network),
  }),
  rights: {
    azure: [
      ...listActions(['group'], 'Microsoft.Network/virtualNetworks', 'write', 'delete', 'subnets/join/action'),
      ...listActions(['group', 'clusterNetwork'], 'Microsoft.Network/virtualNetworks', 'read'),
    ],
    kubernetes: [],
  },
});

const planUndo = (id: string): UndoDraft => ({
  undo: 'deleteNetwork',
  input: { id },
  subject: readLastName(id),
  command: formCommand('az', 'network', 'vnet', 'delete', '--ids', id),
  moment: null,
});
