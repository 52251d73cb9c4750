import type { VmState } from '../../adapters/azure/index.ts';
import { HepflowError } from '../../contract/failures.ts';
import { idsOf } from '../../ownership/names.ts';
import type { StepActivity } from '../../step/context.ts';
import { lroOf, ownedBy } from '../../step/lro.ts';
import { vmBody } from './body.ts';
import { cloudConfig } from './cloud-init.ts';

/** Private keys go into the VM's body and nowhere else (W7). */
export const createVm: StepActivity<'createVm'> = async (input, { azure, keysOf }, context) => {
  const { run } = context;
  const id = idsOf(run).vm;
  const keys = keysOf(run.runId);
  const owned = ownedBy(run);

  const existing = await azure.virtualMachines.get(id);
  if (existing !== undefined && owned(existing)) refuseOtherKeys(existing, keys.client.publicKey);

  const body = (size: string) =>
    vmBody(run, input, size, { clientPublicKey: keys.client.publicKey, cloudConfig: cloudConfig(keys.host) });
  const vm = await azure.virtualMachines.ensure(id, input.sizes, body, lroOf(context), owned);
  return { id, size: vm.size, hostKey: keys.host.publicKey };
};

/** A VM's keys cannot be changed after its creation: with another secret this worker could never log in. */
function refuseOtherKeys(vm: VmState, ours: string): void {
  const blob = (line: string) => line.split(' ')[1];
  if (vm.publicKeys.length > 0 && !vm.publicKeys.some((key) => blob(key) === blob(ours))) {
    throw new HepflowError(
      'WorkerSecretChanged',
      `${vm.id} was created with another SSH key than the one that this worker derives for the run.`,
    );
  }
}
