/** Which policies reach the nodes once these have automatic host endpoints. Reads nothing. */
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { GlobalNetworkPolicy, KubeControllersConfiguration, Node } from '../../adapters/kubernetes/resources.ts';
import { cutMessage, describeError, enumerate } from '../../contract/brief.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Label } from '../../contract/mission.ts';
import { parsePolicySelector } from '../../model/host-endpoint.ts';
import { parseSelector, type Selector, SelectorError } from '../../model/selector.ts';
import { tellInfo, tellOk, tellWarning } from '../look.ts';

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

export async function examinePolicies(reach: Reach): Promise<readonly Diagnosis[]> {
  const findings: Diagnosis[] = [];
  const endpoints = tryToList(reach);
  if (endpoints instanceof SelectorError) return [describeTemplates(endpoints)];
  for (const policy of reach.policies.filter(canReach)) {
    await nextTurn(); // each policy is asked of every node: what else the worker does has its turn between them
    findings.push(...findingsFor(policy, reach, endpoints));
  }
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

/** An untracked policy is ignored on host endpoints of all interfaces. */
const canReach = ({ spec }: GlobalNetworkPolicy): boolean => spec?.doNotTrack !== true;

const isEnabled = (controllers: KubeControllersConfiguration | undefined): boolean =>
  controllers?.spec?.controllers?.node?.hostEndpoint?.autoCreate === 'Enabled';

function findingsFor(
  policy: GlobalNetworkPolicy,
  reach: Reach,
  endpoints: readonly NodeEndpoints[],
): readonly Diagnosis[] {
  const text = describeSelectors(policy.spec);
  let selected: Selected;
  try {
    selected = selectedBy(parsePolicySelector(policy.spec ?? {}), endpoints);
  } catch (error) {
    const why = describeError(error);
    return [
      tellWarning(
        'lockOut',
        `The selector of GlobalNetworkPolicy ${policy.metadata.name}, ${cutMessage(text, 60)}, cannot be read ` +
          `(${why}): ` +
          'whether it will select the nodes is not known.',
        'Read the policy, and correct it.',
      ),
    ];
  }
  return policy.spec?.preDNAT === true
    ? beside(policy, selected)
    : lockOuts(policy, text, selected, isEnabled(reach.controllers));
}

/** As they stand in the policy; its one selector without its name. */
function describeSelectors({ selector = '', namespaceSelector, serviceAccountSelector }: Spec = {}): string {
  const others = Object.entries({ namespaceSelector, serviceAccountSelector }).filter(([, text]) => text);
  if (others.length === 0) return selector;
  return [...(selector === '' ? [] : [['selector', selector]]), ...others]
    .map(([name, text]) => `${name}: ${text}`)
    .join(', ');
}

type Spec = NonNullable<GlobalNetworkPolicy['spec']>;

interface Selected {
  readonly before: readonly string[];
  readonly labelled: readonly string[];
}

/** Labels of the host endpoints that one node gets. */
interface NodeEndpoints {
  readonly name: string;
  readonly now: readonly NodeLabels[];
  /** With the run's label; none for a node that the run does not label. */
  readonly labelled: readonly NodeLabels[];
}

function tryToList(reach: Reach): readonly NodeEndpoints[] | SelectorError {
  try {
    return listEndpoints(reach);
  } catch (error) {
    if (error instanceof SelectorError) return error;
    throw error;
  }
}

const describeTemplates = ({ message }: SelectorError): Diagnosis =>
  tellWarning(
    'lockOut',
    `A nodeSelector of KubeControllersConfiguration default cannot be read (${message}): which policies will select ` +
      'the nodes is not known.',
    'Correct the templates of its hostEndpoint.',
  );

function listEndpoints({ nodes, controllers, judged, label }: Reach): readonly NodeEndpoints[] {
  const labelSets = createLabelSets(controllers);
  const isJudged = new Set(judged);
  return nodes.map(({ metadata: { name, labels } }) => ({
    ...{ name, now: labelSets({ ...labels }) },
    labelled: isJudged.has(name) ? labelSets({ ...labels, [label.key]: label.value }) : [],
  }));
}

/** Nodes of which an automatic host endpoint is selected as they are, and those that are only with the run's label. */
function selectedBy(selector: Selector, endpoints: readonly NodeEndpoints[]): Selected {
  const [before, labelled]: [string[], string[]] = [[], []];
  for (const { name, now, labelled: later } of endpoints)
    if (now.some(selector)) before.push(name);
    else if (later.some(selector)) labelled.push(name);
  return { before, labelled };
}

/**
 * Labels of each host endpoint that a node gets: the default one's, and one for each template that selects the node.
 */
function createLabelSets(
  controllers: KubeControllersConfiguration | undefined,
): (labels: NodeLabels) => readonly NodeLabels[] {
  const { createDefaultHostEndpoint, templates = [] } = controllers?.spec?.controllers?.node?.hostEndpoint ?? {};
  const selecting = templates.map(({ nodeSelector = '', labels }) => ({
    selects: parseSelector(nodeSelector),
    labels,
  }));
  return (labels) => [
    ...(createDefaultHostEndpoint === 'Disabled' ? [] : [{ ...labels, ...createdBy }]),
    ...selecting
      .filter(({ selects }) => selects(labels))
      .map((template) => ({ ...labels, ...template.labels, ...createdBy })),
  ];
}

const toPods =
  'Confine it to pods (namespaceSelector: all(), or has(projectcalico.org/namespace) in its selector), or let ' +
  'it allow what the nodes need, kubelet and API server ' +
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
        `${name} (${cutMessage(text, 60)}) is not preDNAT and will select the automatic host endpoints of ` +
          `${enumerate(before)}: ` +
          `there it ${effect}.`,
        toPods,
      ),
    );
  if (labelled.length > 0)
    found.push(
      tellWarning(
        'lockOut',
        `${name} (${cutMessage(text, 60)}) is not preDNAT and will select ${enumerate(labelled)} once labelled ` +
          'by the run: there ' +
          `it ${effect}.`,
        toPods,
      ),
    );
  return found;
}

function directionOf(spec: GlobalNetworkPolicy['spec']): string {
  const types = spec?.types ?? ['Ingress', 'Egress'];
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
