import { AsyncLocalStorage } from 'node:async_hooks';
import type { PipelinePolicy, PipelineResponse } from '@azure/core-rest-pipeline';
import { type AzureDetail, AzureError, createAzureError, ownCodes } from './error.ts';

interface WireError {
  readonly code: string;
  readonly message: string;
  readonly details: readonly AzureDetail[];
  readonly isEnveloped: boolean;
}

/**
 * What the wire said last within one call. Beside the SDK, because it drops bodies and headers of long-running
 * operations.
 */
export interface Exchange {
  status?: number;
  /** Retry-After of the last answer, in milliseconds. */
  retryAfterMs?: number | undefined;
  error?: WireError | undefined;
  /** The error above is the end of a long-running operation, not of the request. */
  operationFailed?: boolean;
}

const exchanges = new AsyncLocalStorage<Exchange>();

/** Runs one or a few requests; whatever they throw becomes an AzureError, an aborted signal's reason excepted. */
export async function exchange<T>(
  operation: string,
  signal: AbortSignal | undefined,
  talk: (seen: Exchange) => Promise<T>,
): Promise<T> {
  const seen: Exchange = {};
  try {
    return await exchanges.run(seen, () => talk(seen));
  } catch (error) {
    signal?.throwIfAborted();
    throw createAzureError(operation, error, seen);
  }
}

/** Notes status, Retry-After and error of every answer for `exchange`. */
export const noting: PipelinePolicy = {
  name: 'hepflowNoting',
  async sendRequest(request, next) {
    const response = await next(request);
    const seen = exchanges.getStore();
    if (seen !== undefined) note(seen, response);
    return response;
  },
};

/** Gives every request its time limit; the SDK sets none, and none at all on polls. */
export const limitRequests = (requestTimeoutMs: number): PipelinePolicy => ({
  name: 'hepflowLimiting',
  async sendRequest(request, next) {
    request.timeout = requestTimeoutMs;
    try {
      return await next(request);
    } catch (error) {
      if (request.abortSignal?.aborted === true || !(error instanceof Error) || error.name !== 'AbortError')
        throw error;
      throw new AzureError({
        code: ownCodes.connectionFailed,
        status: 0,
        operation: request.method,
        message: `no answer within ${requestTimeoutMs} ms`,
        cause: error,
      });
    }
  },
});

/**
 * Refuses every URL of another origin before a token is attached: operation URLs come from headers and from stored
 * state.
 */
export const guardOrigin = (endpoint: string): PipelinePolicy => ({
  name: 'hepflowGuarding',
  async sendRequest(request, next) {
    if (!isSameOrigin(request.url, endpoint)) {
      const origin = URL.canParse(request.url) ? new URL(request.url).origin : 'no URL';
      throw new AzureError({
        code: ownCodes.foreignOrigin,
        status: 0,
        operation: request.method,
        message: `refused to talk to ${origin}; the endpoint is ${endpoint}`,
      });
    }
    return next(request);
  },
});

export const isSameOrigin = (url: string, endpoint: string): boolean =>
  URL.canParse(url) && new URL(url).origin === new URL(endpoint).origin;

function note(seen: Exchange, response: PipelineResponse): void {
  seen.status = response.status;
  seen.retryAfterMs = retryAfter(response);
  const body = parsed(response.bodyAsText);
  const ended = body?.['status'] === 'Failed' || body?.['status'] === 'Canceled';
  seen.operationFailed = response.status < 400 && ended;
  seen.error = response.status >= 400 || ended ? wireErrorIn(body) : undefined;
}

/** Nobody waits longer, and a number beyond all bounds could not be told to anybody. */
const longestWaitMs = 24 * 60 * 60 * 1000;

function retryAfter({ headers }: PipelineResponse): number | undefined {
  const inMs = headers.get('retry-after-ms') ?? headers.get('x-ms-retry-after-ms');
  if (inMs !== undefined && /^\d+$/.test(inMs)) return Math.min(Number(inMs), longestWaitMs);
  const value = headers.get('retry-after');
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestWaitMs);
}

type WireBody = { readonly [key: string]: unknown };

const isJson = (value: unknown): value is WireBody =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parsed(text: string | null | undefined): WireBody | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return isJson(value) ? value : undefined;
  } catch {
    return undefined; // an empty or HTML body says nothing more than the status
  }
}

function wireErrorIn(body: WireBody | undefined): WireError | undefined {
  const isEnveloped = isJson(body?.['error']);
  const error = body?.['error'] ?? body;
  if (!isJson(error) || typeof error['code'] !== 'string') return undefined;
  return { code: error['code'], message: textIn(error['message']), details: detailsOf(error), isEnveloped };
}

const textIn = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);

/** Deeper reasons explain nothing. */
const deepestReason = 10;

/** Nested errors and refusing policies, flat, outermost first. */
function detailsOf(error: WireBody, level = 0): AzureDetail[] {
  if (level > deepestReason) return [];
  const nested = [error['details'], error['innererror']].flat().filter(isJson);
  const policies = [error['additionalInfo']].flat().filter(isJson);
  return [
    ...nested.flatMap((each) => [
      ...(typeof each['code'] === 'string' ? [{ code: each['code'], message: textIn(each['message']) }] : []),
      ...detailsOf(each, level + 1),
    ]),
    ...policies.map((each) => ({
      code: textIn(each['type']) || 'additionalInfo',
      message: JSON.stringify(each['info'] ?? {}),
    })),
  ];
}
