import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { compareHistory } from '../../audit/history.ts';
import { type Audit, type AuditCheck, auditReport, isVerified } from '../../audit/report.ts';
import { checkSignature } from '../../audit/signature.ts';
import { RuleError } from '../../config/lookup.ts';
import { readPublicKey } from '../../config/report-key.ts';
import { workflowType } from '../../contract/messages.ts';
import { makeLine, mapTexts } from '../../contract/printable.ts';
import type { Report } from '../../contract/report.ts';
import { CommandError, exitCodes } from '../exit-code.ts';
import { readRunHistory } from '../run-history.ts';
import { withTemporal } from '../temporal.ts';
import { openTerminal, say } from '../terminal.ts';

interface VerifyFlags {
  readonly againstTemporal?: boolean;
  readonly workflow?: string;
  readonly key?: string;
}

/** `hepflow report verify FILE`. */
export function addVerifyCommand(report: Command): void {
  report
    .command('verify <file>')
    .description('check a JSON report: its seal, its evidence, and that its verdicts follow from it (docs/evidence.md)')
    .option('--against-temporal', 'compare with the history of the run in Temporal too')
    .option('--workflow <id>', 'the same, and insist that it is the report of this run')
    .option('--key <file>', "check its signature by the workers' public key too: Ed25519, PEM")
    .addHelpText('after', '\nExit codes: 0 verified, 1 not verified, 3 could not be read or compared.')
    .action(async (file: string, flags: VerifyFlags) => {
      const isTied = flags.againstTemporal || flags.workflow !== undefined || flags.key !== undefined;
      const audit = auditReport(readJson(file), { isTied });
      const ties = audit.report === null ? [] : await tieReport(audit.report, flags);
      const checks = mapTexts([...audit.checks, ...ties.map(({ check }) => check)], makeLine);
      const { stream, paint } = openTerminal(process.stdout);
      for (const check of checks)
        for (const line of formatCheck(check))
          stream.write(`${line.startsWith('✔') ? paint.good(line) : paint.bad(line)}\n`);
      say(`\n${isVerified({ checks }) ? explainVerified(audit, ties) : 'Not verified.'}`, stream);
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

/** What shows whose report it is, and in which words. */
interface Tie {
  readonly check: AuditCheck;
  readonly shows: string;
}

async function tieReport(report: Report, { againstTemporal, workflow, key }: VerifyFlags): Promise<Tie[]> {
  const history = againstTemporal || workflow !== undefined ? [await compareWithTemporal(report, workflow)] : [];
  const signature = key === undefined ? [] : [checkSignature(report, readKey(key))];
  return [
    ...history.map((check) => ({
      check,
      shows: 'The history of the run in Temporal holds the same, so this is what the run reported.',
    })),
    ...signature.map((check) => ({
      check,
      shows: 'It is signed, so this is what a worker with this key reported of a run that it carried out.',
    })),
  ];
}

function readKey(file: string): KeyObject {
  try {
    return readPublicKey(file);
  } catch (error) {
    if (error instanceof RuleError) throw new CommandError(`--key ${error.message}\n${error.remedy}`);
    throw error;
  }
}

/** Whether the history of the run in Temporal holds this report. `wanted`: the run whose report it has to be. */
async function compareWithTemporal(report: Report, wanted = report.workflowId): Promise<AuditCheck> {
  const { workflowId } = report;
  if (workflowId === wanted)
    return compareHistory(report, await withTemporal((client) => readRunHistory(client, report)), workflowType);
  const problems = [`It is the report of ${workflowId}, not of ${wanted}.`];
  return { holds: `It is the report of ${wanted}.`, problems };
}

/** What a verified report shows, and what it does not. */
function explainVerified({ head, report }: Audit, ties: readonly Tie[]): string {
  const seal = report?.seal ?? null;
  const signedBy = seal?.envelope?.signatures.map(({ keyid }) => keyid).join(', ');
  const isKeyUnused = signedBy !== undefined && !ties.some(({ shows }) => shows.includes('signed'));
  return [
    seal === null ? 'Verified, so far: the run is under way.' : `Verified. Seal of the report: ${seal.sha256}`,
    head === null ? 'The run gathered no evidence.' : `Head of the chain of evidence: ${head}`,
    'This shows that no evidence was changed, dropped or moved since it was sealed, that verdicts, transitions, ' +
      'findings and outcome follow from it, and that the report lacks none of the phases and denies of its scenario.',
    ...(seal === null ? [] : ['Nothing else in the file was changed since it was sealed either.']),
    ...ties.map(({ shows }) => shows),
    ...(isKeyUnused ? [`Its signature, by the key ${signedBy} as it says, was not checked: give --key.`] : []),
    ...(ties.length > 0
      ? []
      : [
          'It does not show who wrote the file: whoever can rewrite all of it can seal it anew. ' +
            '--against-temporal compares it with the history of the run, --key with a signature of its worker.',
        ]),
  ].join('\n');
}
