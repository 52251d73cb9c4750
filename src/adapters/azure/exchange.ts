import { AsyncLocalStorage } from 'node:async_hooks';
import type { PipelinePolicy, PipelineResponse } from '@azure/core-rest-pipeline';
import { type AzureDetail, AzureError, createAzureError, ownCodes } from './error.ts';
import { answerLimits, shortenMessage } from './limits.ts';

interface WireError {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
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
  /** By which Azure's support finds the last request. */
  correlationId?: string | undefined;
  error?: WireError | undefined;
  /** The error above is the end of a long-running operation, not of the request. */
  operationFailed?: boolean;
  /** Of all bodies so far. */
  bytes?: number;
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
    refuseBeyond('listBytes', seen?.bytes ?? 0);
    return response;
  },
};

/** Bounds the whole of every answer, its body too: the SDK bounds no more than the time until the headers. */
export const limitRequests = (requestTimeoutMs: number): PipelinePolicy => ({
  name: 'hepflowLimiting',
  async sendRequest(request, next) {
    const late = AbortSignal.timeout(requestTimeoutMs);
    const tooBig = new AbortController();
    const caller = request.abortSignal as AbortSignal | undefined;
    request.abortSignal = AbortSignal.any([...(caller === undefined ? [] : [caller]), late, tooBig.signal]);
    request.onDownloadProgress = ({ loadedBytes }) => {
      if (loadedBytes > answerLimits.bodyBytes) tooBig.abort();
    };
    const broken = (code: string, message: string, cause: unknown): AzureError =>
      new AzureError({ code, status: 0, operation: request.method, message, cause });
    try {
      // A body that is being unpacked does not hear of the end of its connection.
      return await Promise.race([next(request), whenAborted(request.abortSignal as AbortSignal)]);
    } catch (error) {
      if (caller?.aborted === true) throw error;
      if (tooBig.signal.aborted)
        throw broken(ownCodes.answerTooBig, `the answer has more than ${answerLimits.bodyBytes} bytes`, error);
      if (late.aborted) throw broken(ownCodes.connectionFailed, `no answer within ${requestTimeoutMs} ms`, error);
      throw error;
    }
  },
});

const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const abort = (): void => reject(Object.assign(new Error('The operation was aborted.'), { name: 'AbortError' }));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
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

/** Throws when there is more of a list than is taken. */
export function refuseBeyond(what: 'listBytes' | 'pages' | 'items', count: number): void {
  const limit = answerLimits[what];
  if (count <= limit) return;
  const message = `the list has more than ${limit} ${what === 'listBytes' ? 'bytes' : what}`;
  throw new AzureError({ code: ownCodes.answerTooBig, status: 0, operation: 'list', message });
}

export const isSameOrigin = (url: string, endpoint: string): boolean =>
  URL.canParse(url) && new URL(url).origin === new URL(endpoint).origin;

function note(seen: Exchange, response: PipelineResponse): void {
  seen.status = response.status;
  seen.bytes = (seen.bytes ?? 0) + (response.bodyAsText?.length ?? 0);
  seen.retryAfterMs = retryAfter(response);
  seen.correlationId = correlationOf(response);
  const body = parsed(response.bodyAsText);
  const ended = body?.['status'] === 'Failed' || body?.['status'] === 'Canceled';
  seen.operationFailed = response.status < 400 && ended;
  seen.error = response.status >= 400 || ended ? wireErrorIn(body, response.request.url) : undefined;
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

const correlationOf = ({ headers }: PipelineResponse): string | undefined =>
  ['x-ms-correlation-request-id', 'x-ms-request-id']
    .map((name) => headers.get(name))
    .find((id) => id !== undefined && /^[\w-]{1,64}$/.test(id));

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

function wireErrorIn(body: WireBody | undefined, url: string): WireError | undefined {
  const isEnveloped = isJson(body?.['error']) || isOfAks(body, url);
  const error = body?.['error'] ?? body;
  if (!isJson(error) || typeof error['code'] !== 'string') return undefined;
  const details = firstDetails(error);
  return { code: error['code'], message: textIn(error['message']), ...targetOf(error), details, isEnveloped };
}

/** AKS answers for its own resources without the envelope, and always with these four fields. */
const isOfAks = (body: WireBody | undefined, url: string): boolean =>
  URL.canParse(url) &&
  /\/providers\/Microsoft\.ContainerService\//i.test(new URL(url).pathname) &&
  ['code', 'message', 'subcode'].every((field) => typeof body?.[field] === 'string') &&
  body?.['details'] !== undefined;

const targetOf = ({ target }: WireBody): { readonly target?: string } =>
  typeof target === 'string' ? { target: shortenMessage(target) } : {};

const textIn = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);

/** The first reasons, each no longer than a message, and how many more there were. */
function firstDetails(error: WireBody): AzureDetail[] {
  const all = detailsOf(error);
  const more = all.length - answerLimits.details;
  const kept = all
    .slice(0, answerLimits.details)
    .map((each) => ({ ...each, code: shortenMessage(each.code), message: shortenMessage(each.message) }));
  return more <= 0 ? kept : [...kept, { code: 'More', message: `and ${more} more` }];
}

/** Deeper reasons explain nothing. */
const deepestReason = 10;

/** Nested errors and refusing policies, flat, outermost first. */
function detailsOf(error: WireBody, level = 0): AzureDetail[] {
  if (level > deepestReason) return [];
  const nested = [error['details'], error['innererror']].flat().filter(isJson);
  const policies = [error['additionalInfo']].flat().filter(isJson);
  return [
    ...nested.flatMap((each) => [
      ...(typeof each['code'] === 'string'
        ? [{ code: each['code'], message: textIn(each['message']), ...targetOf(each) }]
        : []),
      ...detailsOf(each, level + 1),
    ]),
    ...policies.map((each) => ({
      code: textIn(each['type']) || 'additionalInfo',
      message: JSON.stringify(each['info'] ?? {}),
    })),
  ];
}
