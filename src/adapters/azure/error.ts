import { describeError } from '../../contract/brief.ts';
import type { Exchange } from './exchange.ts';
import { shortenMessage } from './limits.ts';

/** Codes of this adapter's own, beside Azure's. */
export const ownCodes = {
  /** No answer: name resolution, TCP, TLS, time limit of a request. */
  connectionFailed: 'ConnectionFailed',
  /** An answer or a list is bigger than what is taken. */
  answerTooBig: 'AnswerTooBig',
  /** No token could be had. */
  credentialUnavailable: 'CredentialUnavailable',
  /** A URL of another origin than the endpoint's; nothing was sent to it. */
  foreignOrigin: 'ForeignOrigin',
  /** A resource of that name exists without the given mark. */
  notOwned: 'NotOwned',
  /** The URL of a long-running operation answers 401, 403 or 404, and the resource does not tell how it ended. */
  operationVanished: 'OperationVanished',
  /** A long-running operation ended as Failed and gave no code. */
  operationFailed: 'OperationFailed',
  /** A long-running operation ended as Canceled and gave no code. */
  operationCanceled: 'OperationCanceled',
  /** A resource is not Succeeded although its operation has ended. */
  notProvisioned: 'NotProvisioned',
} as const;

/**
 * The codes by which ARM says that a resource does not exist. `NotFound` is Microsoft.Network's, for children such as
 * peerings.
 */
const absenceCodes: ReadonlySet<string> = new Set([
  'ResourceNotFound',
  'ResourceGroupNotFound',
  'ParentResourceNotFound',
  'NotFound',
]);

/** One of the reasons that Azure gives below an error: nested errors, policies that refused. */
export interface AzureDetail {
  readonly code: string;
  readonly message: string;
  /** What the error is about, such as `vmSize`. */
  readonly target?: string;
}

interface AzureErrorFields {
  readonly code: string;
  readonly status: number;
  readonly operation: string;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
  readonly target?: string | undefined;
  readonly details?: readonly AzureDetail[];
  readonly isEnveloped?: boolean | undefined;
  readonly correlationId?: string | undefined;
  readonly cause?: unknown;
}

/** Everything that this adapter throws, except the reason of an aborted signal. */
export class AzureError extends Error {
  /** Azure's code, or one of `ownCodes`. */
  readonly code: string;
  /** HTTP status; 0 when there is none: no answer came, or a long-running operation ended as Failed. */
  readonly status: number;
  /** Milliseconds that Azure asked to wait before the next try. */
  readonly retryAfterMs: number | undefined;
  /** What was attempted, such as `create virtualMachines hepflow-0badcafe-vm`. */
  readonly operation: string;
  readonly details: readonly AzureDetail[];
  /** What the error is about, such as `vmSize`. */
  readonly target: string | undefined;
  /** Whether the answer was ARM's own form of an error, `{ error: { code } }`, or that of AKS. */
  readonly isEnveloped: boolean;
  /** By which Azure's support finds the request; empty: the answer had none. */
  readonly correlationId: string;

  constructor(fields: AzureErrorFields) {
    super(`${fields.operation}: ${fields.code}: ${shortenMessage(fields.message)}`, { cause: bare(fields.cause) });
    this.name = 'AzureError';
    this.code = fields.code;
    this.status = fields.status;
    this.retryAfterMs = fields.retryAfterMs;
    this.operation = fields.operation;
    this.details = fields.details ?? [];
    this.target = fields.target;
    this.isEnveloped = fields.isEnveloped ?? false;
    this.correlationId = fields.correlationId ?? '';
  }

  /**
   * Whether Azure's answer proves that there is none. A 404 alone does not: a gateway, a subscription that is not
   * found or a type that is not known answer 404 for things that are there (W13).
   */
  get isAbsence(): boolean {
    return this.status === 404 && this.isEnveloped && absenceCodes.has(this.code);
  }
}

/** An SDK error holds its request, whose body may hold a secret, so only its words are kept. */
function bare(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof AzureError) return cause;
  const { name, message, stack = '' } = cause;
  const short = shortenMessage(message);
  return Object.assign(new Error(short), { name, stack: stack.replace(message, () => short) });
}

/**
 * What the SDK threw, told with what the wire said: the SDK loses bodies of failed operations and of first requests.
 */
export function createAzureError(operation: string, error: unknown, exchange: Exchange): AzureError {
  if (error instanceof AzureError)
    return new AzureError({ ...error, operation, message: shortMessage(error), cause: error.cause });
  const { status, code } = fieldsOf(error);
  const said = exchange.error;
  if (said !== undefined) {
    return new AzureError({
      operation,
      ...said,
      ...{ correlationId: exchange.correlationId },
      status: exchange.operationFailed === true ? 0 : (exchange.status ?? 0),
      retryAfterMs: exchange.retryAfterMs,
      cause: error,
    });
  }
  if (status !== undefined) {
    return new AzureError({
      operation,
      code: code ?? `Http${status}`,
      status,
      message: describeError(error),
      retryAfterMs: exchange.retryAfterMs,
      correlationId: exchange.correlationId,
      cause: error,
    });
  }
  const ended = operationEnd(error);
  if (ended !== undefined) return new AzureError({ operation, ...ended, status: 0, cause: error });
  return new AzureError({
    operation,
    code: ownCodes.connectionFailed,
    status: 0,
    message: describeError(error),
    cause: error,
  });
}

/** The message without the head that the constructor put before it. */
export const shortMessage = (error: AzureError): string =>
  error.message.slice(`${error.operation}: ${error.code}: `.length);

/**
 * The poller's plain Errors: "The long-running operation has failed. CODE. message", "Operation was canceled". Only
 * where the wire gave no body.
 */
function operationEnd(error: unknown): { code: string; message: string } | undefined {
  const text = describeError(error);
  if (text === 'Operation was canceled')
    return { code: ownCodes.operationCanceled, message: 'the long-running operation was canceled' };
  const failed = /^The long-running operation has failed(?:\. (\w+)\. ([\s\S]*))?/.exec(text);
  return failed === null
    ? undefined
    : {
        code: failed[1] ?? ownCodes.operationFailed,
        message: failed[2] ?? 'the long-running operation ended as Failed',
      };
}

function fieldsOf(error: unknown): { status: number | undefined; code: string | undefined } {
  const { statusCode, code } = (typeof error === 'object' && error !== null ? error : {}) as {
    statusCode?: unknown;
    code?: unknown;
  };
  return {
    status: Number.isInteger(Number(statusCode)) && statusCode !== undefined ? Number(statusCode) : undefined,
    code: typeof code === 'string' ? code : undefined,
  };
}
