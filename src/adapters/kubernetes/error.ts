/** What a Status object of the API server says beside its message. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  readonly retryAfterSeconds?: number;
}

/**
 * Everything that can go wrong with a call. `reason` is the API server's own (`NotFound`, `Conflict`, `Invalid`, ...), or one of three of ours:
 * `ConnectionFailed`: no answer (status 0). `Unauthorized`: no usable credential, refused or never obtained (401, or 0 when a plugin failed).
 * `NotServed`: 404 for the resource itself, not for an object of it.
 */
export class KubernetesError extends Error {
  /** HTTP status; 0: there was no answer. */
  readonly status: number;
  readonly reason: string;
  readonly details: StatusDetails;
  /** Milliseconds, when the API server said how long to wait. */
  readonly retryAfterMs: number | undefined;
  constructor(status: number, reason: string, message: string, more: { details?: StatusDetails; retryAfterMs?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: more.cause });
    this.name = 'KubernetesError';
    this.status = status;
    this.reason = reason;
    this.details = more.details ?? {};
    this.retryAfterMs = more.retryAfterMs;
  }
}

/** An error answer as an error: the API server's Status where there is one, else the text of whatever stood in between. */
export function errorOf(path: string, status: number, body: string, headers: Readonly<Record<string, string>>): KubernetesError {
  const answer = statusIn(body);
  const seconds = Number(headers['retry-after'] ?? answer?.details?.retryAfterSeconds ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  const message = answer?.message ?? (body.trim().slice(0, 300) || `HTTP ${status}`);
  // A resource that is not served at all answers 404 in plain text; a missing object answers with a Status that names it.
  if (status === 404 && answer?.details?.name === undefined) {
    const group = /^\/apis\/([^/]+)\//.exec(path)?.[1] ?? '';
    return new KubernetesError(status, 'NotServed', `The API server does not serve ${path}: ${message}`, { details: { group } });
  }
  const reason = answer?.reason ?? (status === 401 ? 'Unauthorized' : 'Unknown');
  return new KubernetesError(status, reason, message, { details: answer?.details ?? {}, retryAfterMs });
}

interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
}

function statusIn(body: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && 'kind' in parsed && parsed.kind === 'Status' ? (parsed as Status) : undefined;
  } catch {
    return undefined;
  }
}
