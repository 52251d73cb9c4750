/** The probe VM with its OS disk, entered with keys that are derived for the run. */

import type { VmState } from '../../adapters/azure/index.ts';
import { HepflowError } from '../../contract/failures.ts';
import { formCommand } from '../../contract/shell.ts';
import { runTag } from '../../ownership/marks.ts';
import { createIds, readLastName } from '../../ownership/names.ts';
import { resumeFrom } from '../../step/lro.ts';
import { belongByTags, createAllTags, deleteResource, tagWith, traceTagged } from '../azure-resource.ts';
import { defineKind, type Place, type UndoDraft } from '../kind.ts';
import { minute } from '../limits.ts';
import { type AzureRight, listActions } from '../rights.ts';
import { createVmBody, type VmInput } from './body.ts';
import { createCloudConfig } from './cloud-init.ts';

export interface VmChange extends VmInput {
  readonly kind: 'vm';
  readonly [field: string]: unknown;
}

interface VmUndo {
  readonly id: string;
  readonly osDiskId: string;
}

export const vm = defineKind<VmChange>({
  rank: 14,
  plan: ({ sizes, image, adminUser, tags }, { run }) => ({
    step: 'createVm',
    subject: '',
    input: { sizes, image, adminUser, ...tagWith({ tags }) },
    words: 'The probe VM and its disk',
    limits: { tryMs: 20 * minute, totalMs: 40 * minute }, // about a minute; slow regions have been seen to take 10
    undo: planUndo(run),
  }),
  apply: {
    // Private keys go into the VM's body and nowhere else (W7).
    createVm: async (input: VmInput, tools, context) => {
      const { run } = context;
      const { virtualMachines } = tools.azure;
      const id = createIds(run).vm;
      const keys = tools.keysOf(run);
      const { isOwned } = belongByTags(id, tools, context);
      const existing = await virtualMachines.get(id);
      // Another secret gives another signature as well: the keys tell better what is wrong.
      if (existing !== undefined && existing.tags[runTag] === run.runId)
        refuseOtherKeys(existing, keys.client.publicKey);
      const secrets = { clientPublicKey: keys.client.publicKey, cloudConfig: createCloudConfig(keys.host) };
      const tags = createAllTags(id, tools, context, input);
      const createBody = (size: string) => ({ ...createVmBody(run, input, size, secrets), tags });
      const { size } = await virtualMachines.ensure(id, input.sizes, createBody, resumeFrom(context), isOwned);
      return { found: size };
    },
  },
  undo: {
    // The disk goes with its VM; it is looked for all the same, since a VM that was never finished leaves it behind.
    deleteVm: ({ id, osDiskId }: VmUndo, tools, context) =>
      deleteResource(id, context, belongByTags(id, tools, context), async (lro, isOwned) => {
        const machine = await tools.azure.virtualMachines.remove(id, lro, isOwned);
        const disk = await tools.azure.disks.remove(osDiskId, lro, isOwned);
        return machine === 'removed' || disk === 'removed' ? 'removed' : 'absent';
      }),
  },
  traces: traceTagged(
    { what: 'VM', collectionOf: (azure) => azure.virtualMachines, idIn: (ids) => ids.vm, undo: planUndo },
    {
      what: 'OS disk',
      collectionOf: (azure) => azure.disks,
      idIn: (ids) => ids.osDisk,
      taggedAs: (ids) => ids.vm,
      undo: planUndo,
    },
  ),
  rights: {
    azure: [
      ...listActions(['group'], 'Microsoft.Compute/virtualMachines', 'read', 'write', 'delete'),
      // The OS disk is made by the VM's creation, with the caller's right to write disks.
      ...listActions(['group'], 'Microsoft.Compute/disks', 'read', 'write', 'delete'),
      ...listActions(['group'], 'Microsoft.Compute/locations', 'operations/read'),
      ...listActions(['group'], 'Microsoft.Compute/locations', 'diskOperations/read').map(
        (right): AzureRight => ({ ...right, only: 'following' }),
      ),
    ],
    kubernetes: [],
  },
});

/** A VM's keys cannot be changed after its creation: with another secret this worker could never log in. */
function refuseOtherKeys(machine: VmState, ours: string): void {
  const readBlob = (line: string) => line.split(' ')[1];
  const isKnown = machine.publicKeys.some((key) => readBlob(key) === readBlob(ours));
  if (machine.publicKeys.length === 0 || isKnown) return;
  throw new HepflowError(
    'WorkerSecretChanged',
    `${machine.id} was created with another SSH key than the one that this worker derives for the run.`,
  );
}

function planUndo(at: Place): UndoDraft {
  const { vm: id, osDisk: osDiskId } = createIds(at);
  return {
    undo: 'deleteVm',
    input: { id, osDiskId } satisfies VmUndo,
    subject: readLastName(id),
    command: [
      formCommand('az', 'vm', 'delete', '--yes', '--ids', id),
      formCommand('az', 'disk', 'delete', '--yes', '--ids', osDiskId),
    ].join(' && '),
    moment: null,
  };
}
