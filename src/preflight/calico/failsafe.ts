import type { FailsafePort, FelixConfiguration } from '../../adapters/kubernetes/resources.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Mission } from '../../contract/mission.ts';
import { overlaps } from '../azure/cidr.ts';
import { tellInfo, tellOk, tellProblem, tellWarning } from '../look.ts';

/** What Felix is told, and where it stands. */
export interface Felix {
  readonly where: string;
  readonly spec: NonNullable<FelixConfiguration['spec']>;
}

/**
 * Calico's defaults (felix/config/config_params.go); they come before every pre-DNAT rule, so no policy can deny them.
 */
const defaultPorts: readonly FailsafePort[] = [22, 179, 2379, 2380, 5473, 6443, 6666, 6667].map((port) => ({
  protocol: 'TCP',
  port,
}));

export function examineFailsafePorts(
  { where, spec }: Felix,
  { workload, probe, vm }: Pick<Mission, 'workload' | 'probe' | 'vm'>,
): readonly Diagnosis[] {
  const ports = (spec.failsafeInboundHostPorts ?? defaultPorts).filter(
    ({ protocol = 'TCP' }) => protocol.toUpperCase() === 'TCP',
  );
  return [
    describeNodePort(ports, workload.nodePort, vm.subnet),
    describeSsh(where, ports),
    ...describeControl(ports.find(({ port, net }) => port === probe.controlPort && isMeant(net, vm.subnet))),
  ];
}

/** Whether a failsafe port is one for the VM. A range that cannot be read may hold it. */
function isMeant(net: string | undefined, subnet: string): boolean {
  try {
    return net === undefined || overlaps(net, subnet);
  } catch {
    return true;
  }
}

const nameSource = ({ net }: FailsafePort): string => (net === undefined ? '' : ` from ${net}`);

function describeNodePort(ports: readonly FailsafePort[], nodePort: number, subnet: string): Diagnosis {
  const field = 'workload.nodePort';
  const all = ports.filter(({ port }) => port === nodePort);
  const meant = all.find(({ net }) => isMeant(net, subnet));
  if (meant !== undefined)
    return tellProblem(
      'failsafe',
      'InvalidInput',
      field,
      `NodePort ${nodePort} is a failsafe inbound port of Calico${nameSource(meant)}: no policy can deny it.`,
      'Set workload.nodePort to another port.',
    );
  const [other] = all;
  return other === undefined
    ? tellOk('failsafe', `NodePort ${nodePort} is no failsafe inbound port of Calico: policies can deny it.`, '', field)
    : tellInfo(
        'failsafe',
        `NodePort ${nodePort} is a failsafe inbound port of Calico${nameSource(other)}, but not from the VM ` +
          `(${subnet}): there policies can deny it.`,
        '',
        field,
      );
}

function describeSsh(where: string, ports: readonly FailsafePort[]): Diagnosis {
  const list = ports.map(({ port }) => port).join(', ');
  if (ports.length === 0)
    return tellWarning(
      'failsafe',
      `${where} has no failsafe inbound TCP ports: a policy that selects a node by mistake cuts it off wholly, SSH ` +
        'included.',
      'Leave failsafeInboundHostPorts at its default, or list at least SSH there.',
    );
  return ports.some(({ port }) => port === 22)
    ? tellOk('failsafe', `SSH to the nodes stays open whatever the policy; failsafe inbound TCP ports are ${list}.`)
    : tellInfo(
        'failsafe',
        `SSH to the nodes (22) is not among the failsafe inbound ports (${list}): a policy that selects ` +
          'a node by mistake cuts it.',
      );
}

const describeControl = (control: FailsafePort | undefined): readonly Diagnosis[] =>
  control === undefined
    ? []
    : [
        tellInfo(
          'failsafe',
          `The control port ${control.port} is a failsafe port${nameSource(control)}: that it stays open shows ` +
            'that the node lives, not that a policy spared it.',
          'Set probe.controlPort to an open port that is not failsafe, such as 10250.',
          'probe.controlPort',
        ),
      ];
