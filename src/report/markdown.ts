import type { Report, StepRecord } from '../contract/report.ts';
import type { Verdict } from '../contract/verdict.ts';
import {
  byResult,
  duration,
  failureLines,
  findingTitles,
  findingWords,
  phaseTitles,
  titleOf,
  tookOf,
} from './words.ts';

/** The report for a wiki, an issue or a pull request. */
export function toMarkdown(report: Report): string {
  const { runId, workflowId, outcome, summary, timings } = report;
  const sections = [
    [
      `# hepflow run ${runId}: ${outcome}`,
      summary,
      `Workflow \`${workflowId}\`, started ${timings.startedAt}, ${duration(timings.totalMs)}.`,
    ],
    section('Failure', failureLines(report)),
    section('Verdicts', verdicts(report)),
    section('How long each change took to show', transitions(report)),
    section('Who else was asked', findings(report)),
    section('Left behind', leftovers(report)),
    section(
      'Warnings',
      report.warnings.map((warning) => `- ${warning}`),
    ),
    section('Cluster', cluster(report)),
    section('Steps', steps(report.steps)),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n\n'))
    .join('\n\n')}\n`;
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`## ${title}`, lines.join('\n')];

function verdicts({ verdicts, timings }: Report): string[] {
  const rows = verdicts.map(({ phase, target, expected, observed, verdict, sentence }) =>
    row(phase, target.id, expected, observed, `**${verdict}**`, sentence),
  );
  const convergence = Object.entries(timings.convergenceMs).map(([phase, ms]) => `${phase} ${duration(ms)}`);
  const after =
    convergence.length === 0
      ? []
      : [
          '',
          `Dialled before the connections that count, until all showed what was expected: ${convergence.join(', ')}.`,
        ];
  return rows.length === 0
    ? []
    : [
        ...heading('Phase', 'Target', 'Expected', 'Observed', 'Verdict', 'Why'),
        ...rows,
        '',
        ...legend(verdicts),
        ...after,
      ];
}

const transitions = ({ transitions }: Report): string[] =>
  transitions.map(({ phase, sentence }) => `- ${phase}: ${sentence}`);

const findings = ({ findings }: Report): string[] =>
  byResult(findings).map(
    ({ phase, about, result, sentence }) =>
      `- **${findingWords[result]}** (${phase}, ${findingTitles[about]}): ${sentence}`,
  );

/** What the phases that occur mean. */
const legend = (verdicts: readonly Verdict[]): string[] =>
  [...new Set(verdicts.map(({ phase }) => phase))].map((phase) => `- ${phaseTitles[phase]}`);

const leftovers = ({ leftovers }: Report): string[] =>
  leftovers.flatMap(({ what, why, command }) => [`- ${what}: ${why}`, '', '  ```sh', `  ${command}`, '  ```']);

function cluster({ cluster, calico }: Report): string[] {
  if (cluster === null) return [];
  const nodes = cluster.nodes.map(({ name, internalIp }) => `\`${name}\` (${internalIp})`).join(', ');
  const lines = [
    `- \`${cluster.id}\`, Kubernetes ${cluster.kubernetesVersion}, ${cluster.location}`,
    `- Nodes: ${nodes}`,
  ];
  if (calico !== null)
    lines.push(
      `- Calico ${calico.version} (${calico.flavour}); flow logs of host endpoints: ${calico.hostEndpointFlowLogs}`,
    );
  return lines;
}

function steps(records: readonly StepRecord[]): string[] {
  if (records.length === 0) return [];
  return [
    ...heading('Step', 'Outcome', 'Started', 'Took', 'Tries', 'Detail'),
    ...records.map((step) =>
      row(titleOf(step), step.outcome, step.startedAt ?? '', tookOf(step), String(step.attempts), step.detail),
    ),
  ];
}

const heading = (...cells: string[]): string[] => [row(...cells), row(...cells.map(() => '---'))];
const row = (...cells: string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')).join(' | ')} |`;
