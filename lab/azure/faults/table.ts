import { ArmError, createArmError, type ErrorBody, type ErrorCode, isErrorCode } from '../arm/errors.ts';
import { type Fault, faultSchema, type ResolvedFault } from './schema.ts';

export interface Faults {
  /** Throws on a fault that the schema does not know. */
  add(fault: Fault): void;
  clear(): void;
}

/** A call, as faults are matched with it. */
export interface Call {
  readonly method: string;
  readonly type: string;
  readonly name: string;
  readonly group: string;
}

/** The faults in force, each with the number of calls that will still meet it. */
export class FaultTable implements Faults {
  #faults: { readonly fault: ResolvedFault; skip: number; left: number; until: number }[] = [];
  /** Authorization headers that are refused, and how. */
  readonly #refusedTokens = new Map<string, ErrorCode>();

  add(fault: Fault): void {
    const resolved = faultSchema.parse(fault);
    const times = resolved.times ?? (resolved.forMs === undefined ? 1 : 'always');
    this.#faults.push({
      fault: resolved,
      skip: resolved.skip,
      left: times === 'always' ? Number.POSITIVE_INFINITY : times,
      until: Number.POSITIVE_INFINITY,
    });
  }

  clear(): void {
    this.#faults = [];
    this.#refusedTokens.clear();
  }

  /** The first fault of that kind that this call meets; it counts as one use. */
  take<K extends Fault['kind']>(kind: K, call: Call): Extract<ResolvedFault, { kind: K }> | undefined {
    const found = this.#faults.find(
      ({ fault, left, until }) => left > 0 && Date.now() < until && fault.kind === kind && matchesCall(fault, call),
    );
    if (found === undefined) return undefined;
    if (found.skip > 0) {
      found.skip -= 1;
      return undefined;
    }
    found.left -= 1;
    const { forMs } = found.fault;
    if (forMs !== undefined && found.until === Number.POSITIVE_INFINITY) found.until = Date.now() + forMs;
    return found.fault as Extract<ResolvedFault, { kind: K }>;
  }

  /** Throws the error that a fault answers this call with, before anything else is checked. */
  refuse(call: Call, authorization = ''): void {
    const expiry = this.take('expireToken', call);
    if (expiry !== undefined && isErrorCode(expiry.code)) this.#refusedTokens.set(authorization, expiry.code);
    const refused = this.#refusedTokens.get(authorization);
    if (refused !== undefined)
      throw createRefusal(refused, call, { 'www-authenticate': 'Bearer error="invalid_token"' });
    const answer = this.take('refuse', call);
    if (answer !== undefined)
      throw new ArmError(
        answer.status,
        createFailure(answer, call.name),
        answer.retryAfterSeconds === undefined ? {} : { 'retry-after': String(answer.retryAfterSeconds) },
      );
    const throttle = this.take('throttle', call);
    if (throttle !== undefined)
      throw createRefusal(
        throttle.code,
        call,
        throttle.retryAfterSeconds === undefined ? {} : { 'retry-after': String(throttle.retryAfterSeconds) },
      );
    for (const kind of ['conflict', 'deny', 'serverError'] as const) {
      const fault = this.take(kind, call);
      if (fault !== undefined) throw createRefusal(fault.code, call);
    }
  }
}

type Reasons = { readonly [K in keyof ErrorBody]?: ErrorBody[K] | undefined };

/** The body with which a `failOperation` fault ends an operation, or a `refuse` fault answers. */
export function createFailure(
  { code, message, target, details, innererror, additionalInfo }: Reasons & { readonly code: string },
  id: string,
): ErrorBody {
  const own = isErrorCode(code) ? createArmError(code, { id }).body.message : 'The operation failed.';
  return {
    code,
    message: message?.replaceAll('{name}', id.split('/').at(-1) ?? id) ?? own,
    ...(target && { target }),
    ...(details && { details }),
    ...(innererror && { innererror }),
    ...(additionalInfo && { additionalInfo }),
  };
}

function createRefusal(text: string, call: Call, headers: Record<string, string> = {}): ArmError {
  if (!isErrorCode(text)) throw new Error(`unknown code ${text}`); // the schema has checked it already
  const { status, body } = createArmError(text, { id: call.name, text: `${call.type}/${call.method}` });
  return new ArmError(status, body, headers);
}

function matchesCall(fault: ResolvedFault, call: Call): boolean {
  const pairs = [
    [fault.method, call.method],
    [fault.type, call.type],
    [fault.name, call.name],
    [fault.group, call.group],
  ] as const;
  return pairs.every(([wanted, actual]) => wanted === undefined || wanted.toLowerCase() === actual.toLowerCase());
}
