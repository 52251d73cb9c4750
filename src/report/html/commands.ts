/** How to see each cell of the verdict table with one's own eyes. */
import type { Target } from '../../contract/evidence.ts';
import { calicoApis, type Report, type VantageSummary } from '../../contract/report.ts';
import { formCommand, quoteWord } from '../../contract/shell.ts';
import { type Markup, markup } from '../markup.ts';
import { listJudged } from '../words.ts';
import { renderSection, renderTable, seen } from './marks.ts';

export function renderByHand(report: Report): Markup | undefined {
  const { vantages, targets, workflowId } = report;
  const judged = listJudged(report);
  if (judged.length === 0) return undefined;
  const rows = vantages.flatMap((vantage) => targets.map((target) => renderDial(vantage, target, report)));
  const ssh = formCommand('hepflow', 'ssh', workflowId, '--print');
  return renderSection(
    'by-hand',
    'The same by hand',
    markup`<p>While there is something to dial from (<code>cleanup.when: on-signal</code> keeps it), <code>${ssh}</code>
gives the keys for <code>ssh</code>. "succeeded" means answered, "timed out" silent, "refused" refused.</p>`,
    renderTable(['Dial', 'What it should show'], rows),
    markup`<p>The state of the cluster in which a phase was judged:</p>
<pre>${listCommands(report).join('\n')}</pre>
<ul>${judged.map(({ title }) => markup`<li>${title}</li>`)}</ul>`,
  );
}

function renderDial({ id, adminUser, address }: VantageSummary, target: Target, { phases }: Report): Markup {
  const login = `${adminUser}@${address ?? 'ADDRESS'}`;
  // A second shell reads these words: the one that ssh asks for.
  const dial = ['nc', '-zv', '-w', '3', target.address, `${target.port}`].map(quoteWord);
  const expected = phases.flatMap(({ name, expectations }) =>
    expectations
      .filter((row) => row.vantage === id && row.target === target.id)
      .map((row) => `${name}: ${seen[row.expected]}`),
  );
  return markup`<tr><td><code>${formCommand('ssh', '--', login, ...dial)}</code></td>
<td>${expected.join(', ')}</td></tr>
`;
}

function listCommands({ targets, calico }: Report): string[] {
  const nodes = [...new Set(targets.map(({ node }) => node))];
  const [group = ''] = (calico?.api ?? calicoApis[0]).split('/');
  const services = [...new Set(targets.flatMap(({ service }) => service ?? []))];
  return [
    ...nodes.map((node) => formCommand('kubectl', 'get', 'node', node, '--show-labels')),
    ...(calico?.hostEndpoints ?? []).map((name) =>
      formCommand('kubectl', 'get', `hostendpoints.${group}`, name, '-o', 'yaml'),
    ),
    formCommand('kubectl', 'get', `globalnetworkpolicies.${group}`, '-o', 'yaml'),
    ...services.flatMap((service) => {
      const [namespace = '', name = ''] = service.split('/');
      return [
        formCommand('kubectl', 'get', 'service', '-n', namespace, name, '-o', 'wide'),
        formCommand('kubectl', 'get', 'endpointslices', '-n', namespace, '-l', `kubernetes.io/service-name=${name}`),
      ];
    }),
  ];
}
