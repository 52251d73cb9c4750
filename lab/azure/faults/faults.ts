import * as z from 'zod';
import { ArmError, createArmError, type ErrorBody, type ErrorCode, isErrorCode } from '../arm/errors.ts';

const code = z.string().refine(isErrorCode, { error: 'is not a code of lab/azure/errors.ts' });

const policies = z
  .array(
    z.strictObject({
      type: z.string(),
      info: z.custom<object>((value) => typeof value === 'object' && value !== null),
    }),
  )
  .readonly();

/** What an error says below its code and message. */
const reason: z.ZodType<ErrorBody, ErrorBody> = z.strictObject({
  code: z.string(),
  message: z.string(),
  get details() {
    return z.array(reason).readonly().exactOptional();
  },
  get innererror() {
    return reason.exactOptional();
  },
  additionalInfo: policies.exactOptional(),
});
const reasons = {
  /** `{name}` stands for the name of the resource. Default: that of lab/azure/errors.ts. */
  message: z.string().optional(),
  details: z.array(reason).readonly().optional(),
  innererror: reason.optional(),
  additionalInfo: policies.optional(),
};

/** Which calls a fault befalls. Everything given must match, in any case of letters. */
const match = {
  /** Default: any. */
  method: z.enum(['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD']).optional(),
  /** Full type, such as `Microsoft.Network/virtualNetworks`; polls are `Microsoft.Network/locations/operations`. */
  type: z.string(),
  /** Last name in the id. Default: any. */
  name: z.string().optional(),
  /** Resource group. Default: any. */
  group: z.string().optional(),
  /** How many matching calls go by before. Default 0. */
  skip: z.int().min(0).default(0),
  /** How many calls. Default 1, with `forMs` always. */
  times: z.union([z.int().min(1), z.literal('always')]).optional(),
  /** How long, from the first call that it befalls. */
  forMs: z.number().positive().optional(),
};
/** Which calls, how many of them, for how long. */
export const whereSchema = z.strictObject(match);
export type Where = z.input<typeof whereSchema>;

/** Troubles on demand, by name. */
export const faultSchema = z.discriminatedUnion('kind', [
  /** 429, with or without Retry-After. */
  z.strictObject({
    kind: z.literal('throttle'),
    ...match,
    retryAfterSeconds: z.number().min(0).optional(),
    code: code.default('TooManyRequests'),
  }),
  /** 409, or what else the code says. */
  z.strictObject({ kind: z.literal('conflict'), ...match, code: code.default('Conflict') }),
  /** The call is accepted; its operation ends Failed, and a resource that was to be made stays as Failed. */
  z.strictObject({
    kind: z.literal('failOperation'),
    ...match,
    code: z.string().default('AllocationFailed'),
    end: z.enum(['Failed', 'Canceled']).default('Failed'),
    ...reasons,
  }),
  /** Refused with exactly this answer. */
  z.strictObject({
    kind: z.literal('refuse'),
    ...match,
    code: z.string(),
    status: z.int().min(400).max(599),
    retryAfterSeconds: z.number().min(0).optional(),
    ...reasons,
  }),
  /** 401 for the token that the call carries, now and ever after; another token is fine. */
  z.strictObject({ kind: z.literal('expireToken'), ...match, code: code.default('ExpiredAuthenticationToken') }),
  /** What the call makes is missing from lists for a while; its own id answers. */
  z.strictObject({ kind: z.literal('listLag'), ...match, delayMs: z.number().positive() }),
  /** The operation takes longer. */
  z.strictObject({
    kind: z.literal('slowPeering'),
    ...match,
    type: z.string().default('Microsoft.Network/virtualNetworks/virtualNetworkPeerings'),
    delayMs: z.number().default(2000),
  }),
  /** The operation goes on, but its URL answers 404. */
  z.strictObject({ kind: z.literal('loseOperation'), ...match }),
  /** The call is accepted, and the connection breaks before the answer. */
  z.strictObject({ kind: z.literal('dropAfterAccept'), ...match }),
  /** 403, or a lock's 409: what the code says. */
  z.strictObject({ kind: z.literal('deny'), ...match, code: code.default('AuthorizationFailed') }),
  /** 500, or another 5xx. */
  z.strictObject({ kind: z.literal('serverError'), ...match, code: code.default('InternalServerError') }),
]);

export type Fault = z.input<typeof faultSchema>;
export type FaultKind = Fault['kind'];
type ResolvedFault = z.output<typeof faultSchema>;

export interface Faults {
  /** Throws on a fault that the schema does not know. */
  add(fault: Fault): void;
  clear(): void;
}

/** A call as faults see it. */
export interface Call {
  readonly method: string;
  readonly type: string;
  readonly name: string;
  readonly group: string;
}

/** The faults in force, each with how many calls it still befalls. */
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

  /** The first fault of that kind that befalls this call; counted. */
  take<K extends FaultKind>(kind: K, call: Call): Extract<ResolvedFault, { kind: K }> | undefined {
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

  /** Throws what a call is refused with before it is looked at. */
  refuse(call: Call, authorization = ''): void {
    const expiry = this.take('expireToken', call);
    if (expiry !== undefined && isErrorCode(expiry.code)) this.#refusedTokens.set(authorization, expiry.code);
    const refused = this.#refusedTokens.get(authorization);
    if (refused !== undefined)
      throw createRefusal(refused, call, { 'www-authenticate': 'Bearer error="invalid_token"' });
    const told = this.take('refuse', call);
    if (told !== undefined)
      throw new ArmError(
        told.status,
        createFailure(told, call.name),
        told.retryAfterSeconds === undefined ? {} : { 'retry-after': String(told.retryAfterSeconds) },
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
  { code, message, details, innererror, additionalInfo }: Reasons & { readonly code: string },
  id: string,
): ErrorBody {
  const own = isErrorCode(code) ? createArmError(code, { id }).body.message : 'The operation failed.';
  return {
    code,
    message: message?.replaceAll('{name}', id.split('/').at(-1) ?? id) ?? own,
    ...(details && { details }),
    ...(innererror && { innererror }),
    ...(additionalInfo && { additionalInfo }),
  };
}

function createRefusal(text: string, call: Call, headers: Record<string, string> = {}): ArmError {
  if (!isErrorCode(text)) throw new Error(`unknown code ${text}`); // the schema has refused it already
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
