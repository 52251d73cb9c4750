import type { Report } from '../contract/report.ts';

/**
 * Exit codes of commands that end with a run; documented in docs/report.md. A crash is `couldNotRun`, never `fail`.
 */
export const exitCodes = {
  ...{ pass: 0, fail: 1, inconclusive: 2, couldNotRun: 3, leftBehind: 4 },
  ...{ underWay: 5, detached: 130, readerGone: 141 },
} as const;

/** What is left behind outweighs every verdict: somebody must act. */
export function chooseExitCode({
  outcome,
  leftovers,
}: Pick<Report, 'outcome'> & { readonly leftovers: readonly unknown[] }): number {
  if (outcome === 'RUNNING') return exitCodes.underWay;
  if (leftovers.length > 0) return exitCodes.leftBehind;
  return {
    PASS: exitCodes.pass,
    FAIL: exitCodes.fail,
    INCONCLUSIVE: exitCodes.inconclusive,
    ERROR: exitCodes.couldNotRun,
    CANCELLED: exitCodes.couldNotRun,
  }[outcome];
}

/** Ends a command with a message for people and exit code 3 unless told otherwise. */
export class CommandError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number = exitCodes.couldNotRun) {
    super(message);
    this.exitCode = exitCode;
  }
}
