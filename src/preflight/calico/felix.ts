/**
 * What Felix is told that touches a run: failsafe ports, data plane, what a deny does. Variables of calico-node come
 * before the FelixConfiguration of a node, and that before the one called default.
 */
import { readFelixVariables } from '../../adapters/kubernetes/calico-node.ts';
import type { DaemonSet, FailsafePort, FelixConfiguration } from '../../adapters/kubernetes/resources.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Mission } from '../../contract/mission.ts';
import { tellInfo, tellOk, tellProblem } from '../look.ts';
import { examineFailsafePorts, type Felix } from './failsafe.ts';

type WantedPorts = Pick<Mission, 'workload' | 'probe' | 'vm'>;

/** `ofNodes`: FelixConfigurations of judged nodes; one that has none follows `default`. */
export function examineFelix(
  common: FelixConfiguration,
  ofNodes: readonly (FelixConfiguration | undefined)[],
  calicoNode: DaemonSet | undefined,
  mission: WantedPorts,
): readonly Diagnosis[] {
  const variables = calicoNode === undefined ? {} : readVariables(calicoNode);
  const overriding = ofNodes.filter((each) => each !== undefined);
  const places = overriding.length === ofNodes.length && overriding.length > 0 ? overriding : [common, ...overriding];
  const found = places.flatMap((place) => {
    const where = `FelixConfiguration ${place.metadata.name}`;
    const felix = { where, spec: { ...common.spec, ...place.spec, ...variables } };
    const all = [...examineFailsafePorts(felix, mission), ...examineDataPlane(felix)];
    return place === common ? all : all.filter(({ level }) => level !== 'ok');
  });
  const names = Object.keys(variables);
  return names.length === 0
    ? found
    : [...found, tellInfo('felix', `Variables of calico-node override every FelixConfiguration: ${names.join(', ')}.`)];
}

/** Those that are looked at, as a FelixConfiguration has them. */
function readVariables(calicoNode: DaemonSet): NonNullable<FelixConfiguration['spec']> {
  const all = readFelixVariables(calicoNode);
  const texts = ['nftablesMode', 'iptablesFilterDenyAction', 'nftablesFilterDenyAction'] as const;
  const switches = ['bpfEnabled', 'useInternalDataplaneDriver'] as const;
  const pick = <K extends string, V>(keys: readonly K[], read: (text: string) => V): Partial<Record<K, V>> =>
    Object.fromEntries(
      keys.flatMap((key) => {
        const text = all[key.toLowerCase()];
        return text === undefined ? [] : [[key, read(text)]];
      }),
    ) as Partial<Record<K, V>>;
  return {
    ...pick(texts, (text) => text),
    ...pick(switches, (text) => /^(true|1|yes|y|t)$/i.test(text)),
    ...pick(['failsafeInboundHostPorts'], readPorts),
  };
}

/** `tcp:22,udp:10.0.0.0/8:68`, `22`, or `none`. */
const readPorts = (text: string): readonly FailsafePort[] =>
  text.split(',').flatMap((each) => {
    const parts = each.trim().split(':');
    const port = Number(parts.at(-1));
    if (!Number.isInteger(port) || each.trim() === '') return [];
    const net = parts.slice(1, -1).join(':');
    return [{ protocol: parts.length > 1 ? (parts[0] ?? '') : 'TCP', port, ...(net === '' ? {} : { net }) }];
  });

function examineDataPlane({ where, spec }: Felix): readonly Diagnosis[] {
  const rejecting = (['iptablesFilterDenyAction', 'nftablesFilterDenyAction'] as const).filter(
    (field) => spec[field]?.toLowerCase() === 'reject',
  );
  return [
    describePlane(where, spec),
    // The kernel takes a REJECT only in the filter table, and Felix gives up after some tries (calico#7914).
    ...rejecting.map((field) =>
      tellProblem(
        'felix',
        'CalicoUnsuitable',
        '',
        `${field} of ${where} is Reject: with automatic host endpoints Felix starts anew over and over on every node ` +
          '(calico#7914), and programs nothing new there.',
        'Set it to Drop.',
      ),
    ),
  ];
}

function describePlane(where: string, spec: Felix['spec']): Diagnosis {
  const refuse = (plane: string): Diagnosis =>
    tellProblem(
      'felix',
      'CalicoUnsuitable',
      '',
      `Calico's data plane is ${plane}: policies act in other hooks there, NodePorts are served otherwise, and ` +
        'hepflow ' +
        'is not proved on it.',
      'Use a cluster whose Calico programs iptables or nftables.',
    );
  if (spec.bpfEnabled === true) return refuse(`eBPF (bpfEnabled of ${where})`);
  if (spec.useInternalDataplaneDriver === false)
    return refuse('not of Felix itself, as with VPP (useInternalDataplaneDriver is false)');
  const mode = spec.nftablesMode?.toLowerCase();
  if (mode === 'enabled')
    return tellInfo('felix', "Calico's data plane is nftables; its own tests of preDNAT policies skip that mode.");
  const asKubeProxy = 'or nftables where kube-proxy uses it';
  const more =
    mode === undefined
      ? `, ${asKubeProxy}: nftablesMode is not set, which means Auto from v3.32 on and Disabled before`
      : mode === 'auto'
        ? `, ${asKubeProxy} (nftablesMode Auto)`
        : '';
  return tellOk('felix', `Calico's data plane is iptables${more}, as far as ${where} tells.`);
}
