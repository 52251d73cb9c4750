/**
 * What FelixConfiguration `default` says that touches a run: failsafe ports, data plane, what a deny does. Overrides by
 * FELIX_ variables of calico-node are not seen.
 */
import type { FailsafePort, FelixConfiguration } from '../../adapters/kubernetes/resources.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Mission } from '../../contract/mission.ts';
import { tellInfo, tellOk, tellProblem, tellWarning } from '../look.ts';

/**
 * Calico's defaults (felix/config/config_params.go); they come before every pre-DNAT rule, so no policy can deny them.
 */
const defaultFailsafePorts: readonly FailsafePort[] = [22, 179, 2379, 2380, 5473, 6443, 6666, 6667].map((port) => ({
  protocol: 'TCP',
  port,
}));

export function examineFailsafePorts(
  felix: FelixConfiguration,
  { workload, probe }: Pick<Mission, 'workload' | 'probe'>,
): readonly Diagnosis[] {
  const ports = (felix.spec?.failsafeInboundHostPorts ?? defaultFailsafePorts).filter(
    ({ protocol = 'TCP' }) => protocol.toUpperCase() === 'TCP',
  );
  const find = (wanted: number): FailsafePort | undefined => ports.find(({ port }) => port === wanted);
  const from = ({ net }: FailsafePort): string => (net === undefined ? '' : ` from ${net}`);
  const { nodePort } = workload;
  const [tested, control] = [find(nodePort), find(probe.controlPort)];
  const list = ports.map(({ port }) => port).join(', ');
  return [
    tested === undefined
      ? tellOk(
          'failsafe',
          `NodePort ${nodePort} is no failsafe inbound port of Calico: policies can deny it.`,
          '',
          'workload.nodePort',
        )
      : tellProblem(
          'failsafe',
          'InvalidInput',
          'workload.nodePort',
          `NodePort ${nodePort} is a failsafe inbound port of Calico${from(tested)}: no policy can deny it.`,
          'Set workload.nodePort to another port.',
        ),
    ...(ports.length === 0
      ? [
          tellWarning(
            'failsafe',
            'FelixConfiguration default has no failsafe inbound TCP ports: a policy that selects a node by ' +
              'mistake cuts it off wholly, SSH included.',
            'Leave failsafeInboundHostPorts at its default, or list at least SSH there.',
          ),
        ]
      : find(22) === undefined
        ? [
            tellInfo(
              'failsafe',
              `SSH to the nodes (22) is not among the failsafe inbound ports (${list}): a policy that selects ` +
                'a node by mistake cuts it.',
            ),
          ]
        : [
            tellOk(
              'failsafe',
              `SSH to the nodes stays open whatever the policy; failsafe inbound TCP ports are ${list}.`,
            ),
          ]),
    ...(control === undefined
      ? []
      : [
          tellInfo(
            'failsafe',
            `The control port ${control.port} is a failsafe port${from(control)}: that it stays open shows ` +
              'that the node lives, not that a policy spared it.',
            'Set probe.controlPort to an open port that is not failsafe, such as 10250.',
            'probe.controlPort',
          ),
        ]),
  ];
}

export function examineDataPlane({ spec }: FelixConfiguration): readonly Diagnosis[] {
  const rejecting = (['iptablesFilterDenyAction', 'nftablesFilterDenyAction'] as const).filter(
    (field) => spec?.[field]?.toLowerCase() === 'reject',
  );
  return [
    planeFinding(spec),
    // The kernel takes a REJECT only in the filter table, so Felix cannot program a pre-DNAT deny then.
    ...rejecting.map((field) =>
      tellWarning(
        'felix',
        `${field} of FelixConfiguration default is Reject: a pre-DNAT deny can be expected to fail.`,
        'Set it to Drop.',
      ),
    ),
  ];
}

function planeFinding(spec: FelixConfiguration['spec']): Diagnosis {
  if (spec?.bpfEnabled === true)
    return tellWarning(
      'felix',
      "Calico's data plane is eBPF, with which hepflow is not tested: policies act in other hooks, and Calico " +
        'serves NodePorts itself.',
      'Take a FAIL or an INCONCLUSIVE with care.',
    );
  if (spec?.nftablesMode?.toLowerCase() === 'enabled')
    return tellInfo('felix', "Calico's data plane is nftables; its own tests of preDNAT policies skip that mode.");
  const auto =
    spec?.nftablesMode?.toLowerCase() === 'auto' ? ', or nftables where kube-proxy uses it (nftablesMode Auto)' : '';
  return tellOk('felix', `Calico's data plane is iptables${auto}, as far as FelixConfiguration default tells.`);
}
