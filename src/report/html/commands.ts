/** How to see each cell of the verdict table with one's own eyes. */
import type { Report } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { phases, phaseTitles } from '../words.ts';
import { section, seen } from './marks.ts';

export function byHand(report: Report): Markup | undefined {
  const { verdicts, workflowId } = report;
  if (verdicts.length === 0) return undefined;
  const dials = [...new Map(verdicts.map(({ target }) => [target.id, target])).values()];
  const expected = (id: string): string =>
    phases
      .flatMap((phase) =>
        verdicts
          .filter((one) => one.phase === phase && one.target.id === id)
          .map((one) => `${phase}: ${seen[one.expected]}`),
      )
      .join(', ');
  const rows = dials.map(
    ({
      id,
      address,
      port,
    }) => markup`<tr><td><code>${`${sshTo(report)} nc -zv -w 3 ${word(address)} ${port}`}</code></td><td>${expected(id)}</td></tr>
`,
  );
  return section(
    'by-hand',
    'The same by hand',
    markup`<p>While the probe VM lives (<code>cleanup.when: on-signal</code> keeps it), <code>${`hepflow ssh ${word(workflowId)} --print`}</code> gives the keys for <code>ssh</code>. “succeeded” means answered, “timed out” silent, “refused” refused.</p>
<table><thead><tr><th scope="col">Dial</th><th scope="col">What it should show</th></tr></thead><tbody>${rows}</tbody></table>`,
    markup`<p>The state of the cluster in which a phase was judged:</p>
<pre>${kubectl(report).join('\n')}</pre>
<ul>${phases.filter((phase) => verdicts.some((one) => one.phase === phase)).map((phase) => markup`<li>${phaseTitles[phase]}</li>`)}</ul>`,
  );
}

function sshTo({ steps, mission }: Report): string {
  const address = steps.find(({ name, outcome }) => name === 'createPublicIp' && outcome === 'done')?.detail;
  return `ssh ${word(`${mission?.vm.adminUser ?? 'USER'}@${address || 'PROBE_VM'}`)}`;
}

function kubectl({ verdicts, mission, calico }: Report): string[] {
  const nodes = [...new Set(verdicts.map(({ node }) => node))];
  return [
    ...nodes.map((node) => `kubectl get node ${word(node)} --show-labels`),
    ...(calico?.hostEndpoints ?? []).map((name) => `kubectl get hostendpoints.projectcalico.org ${word(name)} -o yaml`),
    ...(mission === null
      ? []
      : [
          `kubectl get globalnetworkpolicies.projectcalico.org ${word(mission.policy.name)} -o yaml`,
          `kubectl get service -n ${word(mission.workload.namespace)} ${word(mission.workload.serviceName)} -o wide`,
          `kubectl get endpointslices -n ${word(mission.workload.namespace)} -l ${word(`kubernetes.io/service-name=${mission.workload.serviceName}`)}`,
        ]),
  ];
}

/** One word for a POSIX shell. */
const word = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
