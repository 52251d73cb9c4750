/** What a Status object of the API server says beside its message. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  readonly retryAfterSeconds?: number;
}

/**
 * Everything that can go wrong with a call. `reason` is the API server's own (`NotFound`, `Conflict`, `Invalid`, ...),
 * or one of four of ours:
 * `ConnectionFailed`: no answer (status 0). `Unauthorized`: no usable credential, refused or never obtained (401, or 0
 * when a plugin failed).
 * `NotServed`: 404 for the resource itself, not for an object of it. `AnswerTooBig`: more than is taken (status 0).
 */
export class KubernetesError extends Error {
  /** HTTP status; 0: there was no answer. */
  readonly status: number;
  readonly reason: string;
  readonly details: StatusDetails;
  /** Milliseconds, when the API server said how long to wait. */
  readonly retryAfterMs: number | undefined;
  constructor(
    status: number,
    reason: string,
    message: string,
    more: { details?: StatusDetails; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(shorten(message), { cause: more.cause });
    this.name = 'KubernetesError';
    this.status = status;
    this.reason = reason;
    this.details = more.details ?? {};
    this.retryAfterMs = more.retryAfterMs;
  }
}

const messageChars = 500;

/** Of a list of causes. */
const causesTaken = 20;

function shorten(text: string): string {
  if (text.length <= messageChars) return text;
  const kept = messageChars - 50;
  return `${text.slice(0, kept)} (and ${text.length - kept} more characters)`;
}

/** Nobody waits longer, and a number beyond all bounds could not be told to anybody. */
const longestWaitSeconds = 24 * 60 * 60;

/** What an API server answers for a path that it does not serve: Go's own text, or for a schema nothing. */
const isNotServed = (path: string, text: string): boolean =>
  text === '404 page not found' || (text === '' && path.startsWith('/openapi/'));

/** Kubernetes' aggregator answers so for an API server behind it that it cannot reach. */
function findAggregated(path: string, text: string): { readonly group: string; readonly server: string } | undefined {
  const [, group] = /^\/(?:openapi\/v3\/)?apis\/([^/]+)/.exec(path) ?? [];
  if (group === undefined || !/^(service unavailable$|error trying to reach service)/.test(text)) return undefined;
  return { group, server: group === 'projectcalico.org' ? "Calico's API server" : `the API server of ${group}` };
}

/**
 * An error answer as an error: the API server's Status where there is one, else the text of whatever stood in between.
 */
export function parseErrorAnswer(
  path: string,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): KubernetesError {
  const answer = statusIn(body);
  const seconds = Number(headers['retry-after'] ?? answer?.details?.retryAfterSeconds ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), longestWaitSeconds) * 1000 : undefined;
  const message = answer?.message ?? (body.trim().slice(0, 300) || `HTTP ${status}`);
  // Somebody else's 404 proves nothing of what the cluster has (W13).
  if (status === 404 && answer === undefined && !isNotServed(path, body.trim())) {
    const text = `The answer to ${path} is not an API server's: it is a 404 without a Status: ${message}`;
    return new KubernetesError(0, 'ConnectionFailed', text);
  }
  // A resource that is not served at all answers 404 in plain text; a missing object answers with a Status that names
  // it.
  if (status === 404 && answer?.details?.name === undefined) {
    const group = /^\/apis\/([^/]+)\//.exec(path)?.[1] ?? '';
    return new KubernetesError(status, 'NotServed', `The API server does not serve ${path}: ${message}`, {
      details: { group },
    });
  }
  const aggregated = status === 503 && answer === undefined ? findAggregated(path, body.trim()) : undefined;
  if (aggregated !== undefined)
    return new KubernetesError(
      ...[status, 'ServiceUnavailable', `The API server answers, but ${aggregated.server} does not: ${message}`],
      { details: { group: aggregated.group }, retryAfterMs },
    );
  const reason = answer?.reason ?? (status === 401 ? 'Unauthorized' : 'Unknown');
  return new KubernetesError(status, reason, message, { details: answer?.details ?? {}, retryAfterMs });
}

interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
}

type StatusBody = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is StatusBody =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textsOf = <K extends string>(value: StatusBody, ...keys: K[]): { [key in K]?: string } =>
  Object.fromEntries(keys.flatMap((key) => (typeof value[key] === 'string' ? [[key, shorten(value[key])]] : []))) as {
    [key in K]?: string;
  };

/** What stands between may answer as if it were the API server: only what has the right type is taken. */
function readable(status: StatusBody): Status {
  const details = isObject(status['details']) ? status['details'] : {};
  const { causes, retryAfterSeconds } = details;
  return {
    ...textsOf(status, 'message', 'reason'),
    details: {
      ...textsOf(details, 'name', 'group', 'kind'),
      ...(Array.isArray(causes)
        ? {
            causes: causes
              .slice(0, causesTaken)
              .filter(isObject)
              .map((cause) => textsOf(cause, 'reason', 'message', 'field')),
          }
        : {}),
      ...(typeof retryAfterSeconds === 'number' ? { retryAfterSeconds } : {}),
    },
  };
}

function statusIn(body: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) && parsed['kind'] === 'Status' ? readable(parsed) : undefined;
  } catch {
    return undefined;
  }
}
