import type { Phase, Target } from '../contract/evidence.ts';
import type { Mission } from '../contract/mission.ts';
import type { Site } from '../contract/site.ts';
import type { ObserverInput, ProbeInput, SshTarget } from '../contract/steps.ts';
import type { Expectation } from '../contract/verdict.ts';
import { policyName } from '../ownership/names.ts';
import { targetsOf } from '../scenario/expectations.ts';

/** The machine to look from. */
export interface ProbeVm {
  readonly ssh: SshTarget;
  readonly privateAddress: string;
  readonly interfaceId: string;
  /** Both sides, the VM's first. */
  readonly peeringIds: readonly [string, string];
}

/** What is looked at, from where, and whom else to ask. */
export interface View {
  readonly mission: Mission;
  readonly site: Site;
  readonly targets: readonly Target[];
  /** Who watches the change that leads to a phase. */
  observer(phase: Phase): ObserverInput;
  /** Input of the probe of a phase. */
  probe(phase: Phase, expectations: readonly Expectation[], previousSeal: string): ProbeInput;
}

export function viewOf(mission: Mission, site: Site, { ssh, interfaceId, peeringIds }: ProbeVm): View {
  const { namespace, serviceName, nodePort } = mission.workload;
  const targets = targetsOf(site.nodes, nodePort, mission.probe.controlPort);
  const policyIn: Readonly<Record<Phase, boolean>> = { baseline: false, enforced: true, second: true, restored: false };
  return {
    mission,
    site,
    targets,
    observer: (phase) => ({ phase, ssh, targets }),
    probe: (phase, expectations, previousSeal) => ({
      phase,
      ssh,
      targets,
      expected: Object.fromEntries(expectations.map(({ target, expected }) => [target.id, expected])),
      settings: mission.probe,
      workload: { namespace, serviceName },
      observed: phase !== 'baseline',
      witnesses: { interfaceId, peeringIds, policy: policyIn[phase] ? policyName(mission.policy) : null },
      previousSeal,
    }),
  };
}
