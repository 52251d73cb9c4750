import type { Allow } from '../contract/allow.ts';
import type { Diagnosis } from '../contract/diagnosis.ts';
import type { Mission } from '../contract/mission.ts';
import { type Asked, listAskedByMission, listForbidden } from '../step/allow.ts';
import { tellOk, tellProblem, tellWarning } from './look.ts';

/** What a run is asked to touch, before anybody is asked about it. */
export function inspectScope(mission: Mission, allow: Allow | undefined): readonly Diagnosis[] {
  const forbidden = tellForbidden(allow, listAskedByMission(mission));
  const isOpen = mission.vm.allowedSshSources.includes('*');
  return [
    ...forbidden,
    ...(forbidden.length > 0 || allow === undefined
      ? []
      : [tellOk('allowed', `All that the run spec names is in the lists of ${allow.file}.`)]),
    isOpen
      ? tellWarning(
          'sshSources',
          'Port 22 of the VM will be open to every address (vm.allowedSshSources is *).',
          'Name the CIDRs of your workers in vm.allowedSshSources.',
          'vm.allowedSshSources',
        )
      : tellOk('sshSources', `Port 22 of the VM is open to ${mission.vm.allowedSshSources.length} CIDRs only.`),
  ];
}

export const tellForbidden = (allow: Allow | undefined, asked: readonly Asked[]): readonly Diagnosis[] =>
  listForbidden(allow, asked).map(({ code, field, message, remedy }) =>
    tellProblem('allowed', code, field, message, remedy),
  );
