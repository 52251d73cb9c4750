/** Host endpoints that Calico did not make, on nodes that are judged: what they do to the verdict. */
import { isAutomatic } from '../../adapters/kubernetes/calico.ts';
import type { GlobalNetworkPolicy, HostEndpoint } from '../../adapters/kubernetes/resources.ts';
import { enumerate } from '../../contract/brief.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Label } from '../../contract/mission.ts';
import { parsePolicySelector } from '../../model/host-endpoint.ts';
import { SelectorError } from '../../model/selector.ts';
import { tellInfo, tellOk, tellWarning } from '../look.ts';

export function examineHostEndpoints(
  all: readonly HostEndpoint[],
  policies: readonly GlobalNetworkPolicy[],
  judged: readonly string[],
  label: Label,
): readonly Diagnosis[] {
  const own = all.filter((each) => !isAutomatic(each) && judged.includes(each.spec?.node ?? ''));
  if (own.length === 0)
    return [tellOk('hostEndpoints', 'The judged nodes have no host endpoints but those that Calico makes.')];
  return own.map((each) => examineOne(each, policies, label));
}

function examineOne(
  { metadata, spec }: HostEndpoint,
  policies: readonly GlobalNetworkPolicy[],
  label: Label,
): Diagnosis {
  const { node = '', interfaceName, expectedIPs = [] } = spec ?? {};
  const labels = metadata.labels ?? {};
  const name = `HostEndpoint ${metadata.name}`;
  const isReached = labels[label.key] === label.value;
  // Felix takes the first by name of several for one interface.
  if (interfaceName === '*')
    return isReached || metadata.name > `${node}-auto-hep`
      ? tellInfo('hostEndpoints', `${name} is for all interfaces of node ${node}, as the automatic one is.`)
      : tellWarning(
          'hostEndpoints',
          `${name} is for all interfaces of node ${node}, and comes before the automatic one by its name: ` +
            'Calico takes ' +
            `it alone, and the run's policy will not reach the node.`,
          `Label it ${label.key}=${label.value}, or remove it.`,
        );
  const where = `${name} (${interfaceName || enumerate(expectedIPs)}) of node ${node}`;
  const before = policies.filter(({ spec: its }) => its?.preDNAT === true && selects(its, labels));
  if (before.length === 0 || isReached)
    return tellInfo('hostEndpoints', `${where} was not made by Calico; the run's policy counts beside it.`);
  return tellWarning(
    'hostEndpoints',
    `${where} has preDNAT policies of its own (${enumerate(before.map((each) => each.metadata.name))}): on its ` +
      `interface only these count, so the run's deny will not bite there, and its verdict will be FAIL.`,
    `Label it ${label.key}=${label.value}, or judge other nodes.`,
  );
}

function selects(spec: NonNullable<GlobalNetworkPolicy['spec']>, labels: Readonly<Record<string, string>>): boolean {
  try {
    return parsePolicySelector(spec)(labels);
  } catch (error) {
    if (error instanceof SelectorError) return false; // told beside the lock-outs
    throw error;
  }
}
