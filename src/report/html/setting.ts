/** Where the run took place, and what it was asked for. */
import type { CalicoSummary, ClusterSummary, Report, VantageSummary } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { renderSection } from './marks.ts';

type Fact = readonly [name: string, value: string];

export function renderSetting({ scenario, vantages, cluster, calico, mission }: Report): Markup | undefined {
  const facts: readonly Fact[] = [
    ...(scenario === null ? [] : [['Scenario', scenario] as const]),
    ...vantages.map(describeVantage),
    ...(cluster === null ? [] : describeCluster(cluster)),
    ...(calico === null ? [] : describeCalico(calico)),
  ];
  const list = facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`);
  const asked =
    mission === null
      ? undefined
      : markup`<details><summary>The run as it was asked for, with every default</summary>
<pre>${JSON.stringify(mission, null, 2)}</pre></details>`;
  return renderSection('setting', 'Where', list.length === 0 ? undefined : markup`<dl>${list}</dl>`, asked);
}

function describeVantage({ id, kind, sourceAddress, address, kernel }: VantageSummary): Fact {
  const known = [
    sourceAddress === null ? 'not standing' : `dials from ${sourceAddress}`,
    ...(address === null ? [] : [`SSH at ${address}`]),
    ...(kernel === null ? [] : [`kernel ${kernel}`]),
  ];
  return [`Vantage ${id}`, `${kind}, ${known.join(', ')}`];
}

const describeCluster = ({ id, kubernetesVersion, location, vnetId, nodes }: ClusterSummary): readonly Fact[] => [
  ['Cluster', id],
  ['Kubernetes', `${kubernetesVersion}, ${location}`],
  ['VNet', vnetId],
  ['Nodes', nodes.map(({ name, internalIp }) => `${name} (${internalIp})`).join(', ')],
];

const flavours: Readonly<Record<CalicoSummary['flavour'], string>> = {
  oss: 'open source',
  cloud: 'Calico Cloud or Enterprise',
};

const describeCalico = (calico: CalicoSummary): readonly Fact[] => [
  ['Calico', `${calico.version} (${flavours[calico.flavour]}${calico.api ? `, ${calico.api}` : ''})`],
  ['Host endpoints', calico.hostEndpoints.join(', ')],
  ['Their flow logs', calico.hostEndpointFlowLogs],
];
