import { type ErrorFacts, type ErrorRow, errorTable } from './error-table.ts';

export type ErrorCode = keyof typeof errorTable;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorTable, code);

/** Body of an ARM error: `{ error: { code, message, details?, innererror?, additionalInfo? } }`. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  /** What the error is about, such as `vmSize`. */
  readonly target?: string;
  readonly details?: readonly ErrorBody[];
  /** Causes, each nested in the one before. */
  readonly innererror?: ErrorBody;
  /** Such as the policies that refused. */
  readonly additionalInfo?: readonly { readonly type: string; readonly info: object }[];
}

/** An error that the caller receives, or that a failed operation ends with. */
export class ArmError extends Error {
  override readonly name = 'ArmError';
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: ErrorBody, headers: Readonly<Record<string, string>> = {}) {
    super(`${body.code}: ${body.message}`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

export function createArmError(code: ErrorCode, facts: ErrorFacts = {}, details?: ErrorBody['details']): ArmError {
  const row: ErrorRow = errorTable[code];
  return new ArmError(row.status, { code, message: row.message(facts), ...(details && { details }) });
}

/** The error of a failed operation; any other error becomes an InternalServerError with its message. */
export function createErrorBody(error: unknown): ErrorBody {
  if (error instanceof ArmError) return error.body;
  return createArmError('InternalServerError', { text: error instanceof Error ? error.message : String(error) }).body;
}
