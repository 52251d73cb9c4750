/** Which policies reach the nodes once these have automatic host endpoints. Pure. */
import type { GlobalNetworkPolicy, KubeControllersConfiguration, Node } from '../../adapters/kubernetes/resources.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Label } from '../../contract/mission.ts';
import { parseSelector, type Selector } from '../../model/selector.ts';
import { enumerate, tellInfo, tellOk, tellWarning } from '../look.ts';

export interface Reach {
  readonly policies: readonly GlobalNetworkPolicy[];
  readonly nodes: readonly Node[];
  readonly controllers: KubeControllersConfiguration | undefined;
  /** Nodes that the run will label, and the label. */
  readonly judged: readonly string[];
  readonly label: Label;
}

type NodeLabels = Readonly<Record<string, string>>;

/** What kube-controllers adds to the labels of the node (its pkg/controllers/node/hostendpoints.go). */
const createdBy = { 'projectcalico.org/created-by': 'calico-kube-controllers' };

export function examinePolicies(reach: Reach): readonly Diagnosis[] {
  const candidates = reach.policies.filter(canReach);
  const findings = candidates.flatMap((policy) => findingsFor(policy, reach));
  const quiet = !findings.some(({ topic, level }) => topic === 'lockOut' && level === 'warning');
  if (!quiet) return findings;
  const count = reach.policies.length;
  const when = isEnabled(reach.controllers) ? 'its label' : 'its host endpoint or its label';
  const says =
    count === 0
      ? 'There is no GlobalNetworkPolicy yet'
      : `Of ${count === 1 ? 'one GlobalNetworkPolicy' : `${count} GlobalNetworkPolicies`}, none will reach a ` +
        `node that gets ${when}, preDNAT ones apart`;
  return [...findings, tellOk('lockOut', `${says}.`)];
}

/**
 * A policy with a namespaceSelector selects what lives in namespaces; an untracked one is ignored on host endpoints of
 * all interfaces.
 */
const canReach = ({ spec }: GlobalNetworkPolicy): boolean => !spec?.namespaceSelector && spec?.doNotTrack !== true;

const isEnabled = (controllers: KubeControllersConfiguration | undefined): boolean =>
  controllers?.spec?.controllers?.node?.hostEndpoint?.autoCreate === 'Enabled';

function findingsFor(policy: GlobalNetworkPolicy, reach: Reach): readonly Diagnosis[] {
  const text = policy.spec?.selector ?? '';
  let selected: { readonly before: readonly string[]; readonly labelled: readonly string[] };
  try {
    selected = selectedBy(parseSelector(text), reach);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [
      tellWarning(
        'lockOut',
        `The selector of GlobalNetworkPolicy ${policy.metadata.name}, ${text}, cannot be read (${why}): ` +
          'whether it will select the nodes is not known.',
        'Read the policy, and correct it.',
      ),
    ];
  }
  return policy.spec?.preDNAT === true
    ? beside(policy, selected)
    : lockOuts(policy, text, selected, isEnabled(reach.controllers));
}

interface Selected {
  readonly before: readonly string[];
  readonly labelled: readonly string[];
}

/** Nodes of which an automatic host endpoint is selected as they are, and those that are only with the run's label. */
function selectedBy(selector: Selector, { nodes, controllers, judged, label }: Reach): Selected {
  const names = (more: (node: Node) => NodeLabels): readonly string[] =>
    nodes
      .filter((node) => labelSets({ ...node.metadata.labels, ...more(node) }, controllers).some(selector))
      .map(({ metadata }) => metadata.name);
  const before = names(() => ({}));
  const labelled = names(({ metadata }) => (judged.includes(metadata.name) ? { [label.key]: label.value } : {}));
  return { before, labelled: labelled.filter((name) => !before.includes(name)) };
}

/**
 * Labels of each host endpoint that a node gets: the default one's, and one for each template that selects the node.
 */
function labelSets(labels: NodeLabels, controllers: KubeControllersConfiguration | undefined): readonly NodeLabels[] {
  const { createDefaultHostEndpoint, templates = [] } = controllers?.spec?.controllers?.node?.hostEndpoint ?? {};
  const byDefault = createDefaultHostEndpoint === 'Disabled' ? [] : [{ ...labels, ...createdBy }];
  const chosen = templates.filter(({ nodeSelector = '' }) => parseSelector(nodeSelector)(labels));
  return [...byDefault, ...chosen.map((template) => ({ ...labels, ...template.labels, ...createdBy }))];
}

const toPods =
  'Confine it to pods (namespaceSelector: all()), or let it allow what the nodes need, kubelet and API server ' +
  'included.';

function lockOuts(
  { metadata, spec }: GlobalNetworkPolicy,
  text: string,
  { before, labelled }: Selected,
  enabled: boolean,
): readonly Diagnosis[] {
  const name = `GlobalNetworkPolicy ${metadata.name}`;
  const all = ['', 'all()'].includes(text.replaceAll(/\s/g, ''));
  const effect = `may cut ${directionOf(spec)}, failsafe ports apart`;
  if (before.length > 0 && enabled)
    return [
      tellInfo('lockOut', `${name} selects the host endpoints of ${enumerate(before)} already, and is not preDNAT.`),
    ];
  if (all && before.length > 0)
    return [
      tellWarning(
        'lockOut',
        `${name} selects everything and is not preDNAT: with automatic host endpoints it applies to the nodes ` +
          `too and ${effect}.`,
        toPods,
      ),
    ];
  const found: Diagnosis[] = [];
  if (before.length > 0)
    found.push(
      tellWarning(
        'lockOut',
        `${name} (${text}) is not preDNAT and will select the automatic host endpoints of ${enumerate(before)}: ` +
          `there it ${effect}.`,
        toPods,
      ),
    );
  if (labelled.length > 0)
    found.push(
      tellWarning(
        'lockOut',
        `${name} (${text}) is not preDNAT and will select ${enumerate(labelled)} once labelled by the run: there ` +
          `it ${effect}.`,
        toPods,
      ),
    );
  return found;
}

function directionOf(spec: GlobalNetworkPolicy['spec']): string {
  const types = spec?.types ?? [
    ...(spec?.ingress !== undefined || spec?.egress === undefined ? ['Ingress'] : []),
    ...(spec?.egress ? ['Egress'] : []),
  ];
  const [ingress, egress] = [types.includes('Ingress'), types.includes('Egress')];
  return ingress && egress ? 'traffic to and from them' : egress ? 'traffic from them' : 'traffic to them';
}

/** Harmless by itself, but an Allow before the run's policy, or a Deny, would decide the verdict. */
function beside({ metadata, spec }: GlobalNetworkPolicy, { before, labelled }: Selected): readonly Diagnosis[] {
  const nodes = [...before, ...labelled];
  if (nodes.length === 0) return [];
  const where = `tier ${spec?.tier ?? 'default'}, ${spec?.order === undefined ? 'no order' : `order ${spec.order}`}`;
  return [
    tellInfo(
      'preDnat',
      `GlobalNetworkPolicy ${metadata.name} (${where}) is preDNAT too and reaches ${enumerate(nodes)}: its rules ` +
        `count beside the run's.`,
    ),
  ];
}
