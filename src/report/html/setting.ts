/** Where the run took place, and what it was asked for. */
import type { Report } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { section } from './marks.ts';

export function setting({ cluster, calico, mission }: Report): Markup | undefined {
  const facts: readonly (readonly [string, string])[] = [
    ...(cluster === null
      ? []
      : ([
          ['Cluster', cluster.id],
          ['Kubernetes', `${cluster.kubernetesVersion}, ${cluster.location}`],
          ['VNet', cluster.vnetId],
          ['Nodes', cluster.nodes.map(({ name, internalIp }) => `${name} (${internalIp})`).join(', ')],
        ] as const)),
    ...(calico === null
      ? []
      : ([
          [
            'Calico',
            `${calico.version} (${{ oss: 'open source', cloud: 'Calico Cloud or Enterprise' }[calico.flavour]})`,
          ],
          ['Host endpoints', calico.hostEndpoints.join(', ')],
          ['Their flow logs', calico.hostEndpointFlowLogs],
        ] as const)),
  ];
  const list =
    facts.length === 0
      ? undefined
      : markup`<dl>${facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
  const asked =
    mission === null
      ? undefined
      : markup`<details><summary>The run as it was asked for, with every default</summary><pre>${JSON.stringify(mission, null, 2)}</pre></details>`;
  return section('setting', 'Where', list, asked);
}
