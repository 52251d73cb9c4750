import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type Audit, type AuditCheck, auditReport, isVerified } from '../../audit/report.ts';
import { makeLine, mapTexts } from '../../contract/printable.ts';
import type { Report } from '../../contract/report.ts';
import { CommandError, exitCodes } from '../exit-code.ts';
import { readMemo } from '../memo.ts';
import { findRun, withTemporal } from '../temporal.ts';
import { openTerminal, say } from '../terminal.ts';

interface VerifyFlags {
  readonly againstTemporal?: boolean;
  readonly workflow?: string;
}

/** `hepflow report verify FILE`. */
export function addVerifyCommand(report: Command): void {
  report
    .command('verify <file>')
    .description('check a JSON report: its chain of evidence, and that all it says follows from it (docs/evidence.md)')
    .option('--against-temporal', 'compare with what Temporal holds of the run too')
    .option('--workflow <id>', 'the same, and insist that it is the report of this run')
    .addHelpText('after', '\nExit codes: 0 verified, 1 not verified, 3 could not be read or compared.')
    .action(async (file: string, flags: VerifyFlags) => {
      const verification = auditReport(readJson(file));
      const { report } = verification;
      const isTied = report !== null && (flags.againstTemporal || flags.workflow !== undefined);
      const tie = isTied ? [await compareMemo(report, flags.workflow ?? report.workflowId, verification.head)] : [];
      const checks = mapTexts([...verification.checks, ...tie], makeLine);
      const { stream, paint } = openTerminal(process.stdout);
      for (const check of checks)
        for (const line of formatCheck(check))
          stream.write(`${line.startsWith('✔') ? paint.good(line) : paint.bad(line)}\n`);
      say(`\n${explainVerified({ ...verification, checks }, isTied)}`, stream);
      process.exitCode = isVerified({ checks }) ? exitCodes.pass : exitCodes.fail;
    });
}

/** JSON from a file; `-` is stdin. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    throw new CommandError(
      `${file} cannot be read as JSON: ${(error as Error).message}\n` +
        'A report is written by: hepflow report ID --format json --output FILE',
    );
  }
}

const formatCheck = ({ holds, problems }: AuditCheck): string[] =>
  problems.length === 0 ? [`✔ ${holds}`] : problems.map((problem) => `✘ ${problem}`);

/** Whether the run's memo in Temporal, which only the workflow can write, names the same run and the same head. */
async function compareMemo({ runId, workflowId }: Report, wanted: string, head: string | null): Promise<AuditCheck> {
  const holds = `Temporal's memo of ${wanted} names the same run and the same head.`;
  if (workflowId !== wanted) return { holds, problems: [`It is the report of ${workflowId}, not of ${wanted}.`] };
  const memo = await withTemporal(async (client) => readMemo((await (await findRun(client, wanted)).describe()).memo));
  if (memo === undefined)
    return { holds, problems: [`Temporal's memo of ${wanted} says nothing yet: it is written when the run ends.`] };
  if (memo.runId !== runId)
    return { holds, problems: [`Temporal's memo of ${wanted} is of run ${memo.runId}, not of ${runId}.`] };
  const known = memo.evidenceHead ?? null;
  return {
    holds,
    problems:
      known === head
        ? []
        : [`Temporal's memo of ${wanted} names ${known ?? 'no head'}; the report's head is ${head ?? 'not known'}.`],
  };
}

function explainVerified(verification: Audit, isTied: boolean): string {
  const { head } = verification;
  if (!isVerified(verification)) return 'Not verified.';
  return [
    head === null ? 'Verified. The run gathered no evidence.' : `Verified. Head of the chain: ${head}`,
    'This shows that no evidence was changed, dropped or moved since it was sealed, and that verdicts, transitions, ' +
      'findings and outcome follow from it.',
    isTied
      ? 'The memo of the run in Temporal holds the same head, so this is the evidence that the run saw.'
      : 'It does not show who wrote the file: whoever can rewrite all of it can rewrite its chain. ' +
        'The head ties it to the run: --against-temporal compares it with the memo of the run.',
  ].join('\n');
}
