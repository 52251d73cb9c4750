import { ApplicationFailure, Context } from '@temporalio/activity';
import { cutMessage } from '../contract/brief.ts';
import type { ReportSigner } from '../contract/signing.ts';
import type { SigningActivities } from '../contract/steps.ts';
import { signStatement } from '../evidence/envelope.ts';
import { digestReport } from '../evidence/report-seal.ts';
import { createStatement } from '../evidence/statement.ts';

/**
 * Signs the report of a run that this very worker carries out: as a local activity only, because anybody in the
 * namespace can schedule another kind of activity on the worker's task queue.
 */
export const createSignReport =
  (signer: ReportSigner | undefined): SigningActivities['signReport'] =>
  async (report) => {
    if (!Context.current().info.isLocal) throw refuse('A report is signed only within the worker of its run.');
    const sha256 = digestReport(report);
    if (report.seal?.sha256 !== sha256) throw refuse('The report is not as it was sealed.');
    if (signer === undefined) return { problem: 'The worker that ended the run has no key.' };
    try {
      return { envelope: await signStatement(createStatement(report, sha256), signer) };
    } catch (error) {
      return { problem: cutMessage((error as Error).message) };
    }
  };

const refuse = (message: string): ApplicationFailure =>
  ApplicationFailure.create({ type: 'Unexpected', message, nonRetryable: true });
