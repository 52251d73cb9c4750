import { escapeMarkdown, limitText, makeLine, mapTexts } from '../contract/printable.ts';
import type { Report, StepRecord } from '../contract/report.ts';
import {
  explainUnjudged,
  findingWords,
  formatDuration,
  formatTook,
  listFailureLines,
  namePort,
  nameStep,
  sortByWeight,
  tellProblemsOnce,
} from './words.ts';

/** The report for a wiki, an issue or a pull request. */
export function renderMarkdown(told: Report): string {
  const plain = mapTexts({ ...tellProblemsOnce(told), evidence: [] }, makeLine);
  const report = mapTexts(plain, (text) => escapeMarkdown(limitText(text, 2000)));
  const { runId, outcome, summary, timings } = report;
  const sections = [
    [
      `# hepflow run ${runId}: ${outcome}`,
      summary,
      `Workflow ${formCode(plain.workflowId)}, started ${timings.startedAt}, ${formatDuration(timings.totalMs)}.`,
    ],
    formSection('Failure', listFailureLines(report)),
    formSection('Verdicts', listVerdicts(report)),
    formSection('How long each change took to show', listTransitions(report)),
    formSection('Who else was asked', listFindings(report)),
    formSection('Left behind', listLeftovers(report, plain)),
    formSection(
      'Warnings',
      report.warnings.map((warning) => `- ${warning}`),
    ),
    formSection('Cluster', describeCluster(report, plain)),
    formSection('Changes', listChanges(report)),
    formSection('Steps', listSteps(report.steps)),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n\n'))
    .join('\n\n')}\n`;
}

const formSection = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`## ${title}`, lines.join('\n')];

function listVerdicts(report: Report): string[] {
  const { verdicts, vantages, timings } = report;
  if (verdicts.length === 0) return [];
  const convergence = Object.entries(timings.convergenceMs).map(([phase, ms]) => `${phase} ${formatDuration(ms)}`);
  const until = 'Dialled before the connections that count, until all showed what was expected';
  return [
    ...formHeading('Phase', 'Target', 'Expected', 'Observed', 'Verdict', 'Why'),
    ...verdicts.map(({ phase, vantage, target, expected, observed, verdict, sentence }) =>
      formRow(phase, namePort(target.id, vantage, vantages), expected, observed, `**${verdict}**`, sentence),
    ),
    '',
    ...listPhases(report),
    ...(convergence.length === 0 ? [] : ['', `${until}: ${convergence.join(', ')}.`]),
  ];
}

/** What each phase means, and why it has no verdicts if it has none. */
const listPhases = (report: Report): string[] =>
  report.phases.map((phase) => {
    const isJudged = report.verdicts.some((one) => one.phase === phase.name);
    return `- ${phase.title}${isJudged ? '' : `. Not looked at: ${explainUnjudged(report, phase)}`}`;
  });

const listTransitions = ({ transitions, vantages }: Report): string[] =>
  transitions.map(({ phase, vantage, sentence }) => `- ${namePort(phase, vantage, vantages)}: ${sentence}`);

const listFindings = ({ findings, vantages }: Report): string[] =>
  sortByWeight(findings).map(({ phase, vantage, title, result, sentence }) => {
    const where = namePort(phase, vantage, vantages);
    return `- **${findingWords[result]}** (${where}, ${title}): ${sentence}`;
  });

/** A command is shown as it is; on one line it cannot end its block. */
const listLeftovers = ({ leftovers }: Report, plain: Report): string[] =>
  leftovers.flatMap(({ what, why }, index) => [
    `- ${what}: ${why}`,
    ...['', '  ```sh', `  ${plain.leftovers[index]?.command}`, '  ```'],
  ]);

function describeCluster({ cluster, calico }: Report, plain: Report): string[] {
  if (cluster === null || plain.cluster === null) return [];
  const names = plain.cluster.nodes.map(({ name }) => formCode(name));
  const nodes = cluster.nodes.map(({ internalIp }, index) => `${names[index]} (${internalIp})`).join(', ');
  const lines = [
    `- ${formCode(plain.cluster.id)}, Kubernetes ${cluster.kubernetesVersion}, ${cluster.location}`,
    `- Nodes: ${nodes}`,
  ];
  if (calico === null) return lines;
  const flowLogs = `flow logs of host endpoints: ${calico.hostEndpointFlowLogs}`;
  return [
    ...lines,
    `- Calico ${calico.version} (${[calico.flavour, calico.api].filter(Boolean).join(', ')}); ${flowLogs}`,
  ];
}

const listChanges = ({ changes }: Report): string[] =>
  changes.map(({ phase, words }) => `- ${words}${phase === null ? '' : ` (${phase})`}`);

function listSteps(records: readonly StepRecord[]): string[] {
  if (records.length === 0) return [];
  return [
    ...formHeading('Step', 'Outcome', 'Started', 'Took', 'Tries', 'Detail'),
    ...records.map((step) =>
      formRow(nameStep(step), step.outcome, step.startedAt ?? '', formatTook(step), `${step.attempts}`, step.detail),
    ),
  ];
}

/** A code span knows no escapes: what would end it is another sign. */
const formCode = (text: string): string => `\`${text.replaceAll('`', "'")}\``;
const formHeading = (...cells: string[]): string[] => [formRow(...cells), formRow(...cells.map(() => '---'))];
const formRow = (...cells: string[]): string => `| ${cells.join(' | ')} |`;
