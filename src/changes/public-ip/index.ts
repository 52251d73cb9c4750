/** The public address of a probe VM, for SSH. */

import type { RunRef } from '../../contract/run.ts';
import { formCommand } from '../../contract/shell.ts';
import { createIds, readLastName } from '../../ownership/names.ts';
import { until } from '../../step/wait.ts';
import { deleteTagged, ensureTagged, type Tagged, tagWith, traceTagged } from '../azure-resource.ts';
import { defineKind, type UndoDraft } from '../kind.ts';
import { azureLimits } from '../limits.ts';
import { listActions } from '../rights.ts';

export interface PublicIpChange extends Tagged {
  readonly kind: 'publicIp';
  readonly [field: string]: unknown;
}

export const publicIp = defineKind<PublicIpChange>({
  rank: 11,
  plan: (change, { run }) => ({
    step: 'createPublicIp',
    subject: '',
    input: tagWith(change),
    words: 'A public IP for SSH',
    limits: azureLimits,
    undo: planUndo(createIds(run).publicIp),
  }),
  apply: {
    createPublicIp: async (input: Tagged, tools, context) => {
      const id = createIds(context.run).publicIp;
      const { publicIps } = tools.azure;
      const made = await ensureTagged(id, publicIps, createPublicIpBody(context.run), tools, context, input);
      const read = async () => (await publicIps.get(id))?.address || undefined;
      const publicAddress = made.address || (await until(context, read));
      return { found: publicAddress, facts: { publicAddress } };
    },
  },
  undo: {
    deletePublicIp: ({ id }: { readonly id: string }, tools, context) =>
      deleteTagged(id, tools.azure.publicIps, tools, context),
  },
  traces: traceTagged({
    what: 'public IP',
    collectionOf: (azure) => azure.publicIps,
    idIn: (ids) => ids.publicIp,
    undo: (place) => planUndo(createIds(place).publicIp),
  }),
  rights: {
    azure: listActions(['group'], 'Microsoft.Network/publicIPAddresses', 'read', 'write', 'delete', 'join/action'),
    kubernetes: [],
  },
});

/** The only kind left since Basic addresses were retired: closed inbound without a security rule. */
export const createPublicIpBody = (run: RunRef) => ({
  location: run.location,
  sku: { name: 'Standard' },
  publicIPAllocationMethod: 'Static',
  publicIPAddressVersion: 'IPv4',
});

const planUndo = (id: string): UndoDraft => ({
  undo: 'deletePublicIp',
  input: { id },
  subject: readLastName(id),
  command: formCommand('az', 'network', 'public-ip', 'delete', '--ids', id),
  moment: null,
});
