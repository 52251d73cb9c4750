import * as z from 'zod';
import { ArmError, armError, type ErrorBody, isErrorCode } from './errors.ts';

const code = z.string().refine(isErrorCode, { error: 'is not a code of lab/azure/errors.ts' });

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
  /** How many calls. Default 1. */
  times: z.union([z.int().min(1), z.literal('always')]).default(1),
};

/** Troubles on demand, by name. */
export const faultSchema = z.discriminatedUnion('kind', [
  /** 429, with or without Retry-After. */
  z.strictObject({ kind: z.literal('throttle'), ...match, retryAfterSeconds: z.number().min(0).optional(), code: code.default('TooManyRequests') }),
  /** 409, or what else the code says. */
  z.strictObject({ kind: z.literal('conflict'), ...match, code: code.default('Conflict') }),
  /** The call is accepted; its operation ends Failed, and a resource that was to be made stays as Failed. */
  z.strictObject({ kind: z.literal('failOperation'), ...match, code: z.string().default('AllocationFailed'), message: z.string().optional() }),
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
  #faults: { readonly fault: ResolvedFault; left: number }[] = [];

  add(fault: Fault): void {
    const resolved = faultSchema.parse(fault);
    this.#faults.push({ fault: resolved, left: resolved.times === 'always' ? Number.POSITIVE_INFINITY : resolved.times });
  }

  clear(): void {
    this.#faults = [];
  }

  /** The first fault of that kind that befalls this call; counted. */
  take<K extends FaultKind>(kind: K, call: Call): Extract<ResolvedFault, { kind: K }> | undefined {
    const found = this.#faults.find(({ fault, left }) => left > 0 && fault.kind === kind && befalls(fault, call));
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.fault as Extract<ResolvedFault, { kind: K }>;
  }

  /** Throws what a call is refused with before it is looked at. */
  refuse(call: Call): void {
    const throttle = this.take('throttle', call);
    if (throttle !== undefined)
      throw refusal(throttle.code, call, throttle.retryAfterSeconds === undefined ? {} : { 'retry-after': String(throttle.retryAfterSeconds) });
    for (const kind of ['conflict', 'deny', 'serverError'] as const) {
      const fault = this.take(kind, call);
      if (fault !== undefined) throw refusal(fault.code, call);
    }
  }
}

/** The body with which a failOperation fault ends an operation. */
export function failureOf(fault: { readonly code: string; readonly message?: string | undefined }, id: string): ErrorBody {
  const message = fault.message ?? (isErrorCode(fault.code) ? armError(fault.code, { id }).body.message : 'The operation failed.');
  return { code: fault.code, message };
}

function refusal(text: string, call: Call, headers: Record<string, string> = {}): ArmError {
  if (!isErrorCode(text)) throw new Error(`unknown code ${text}`); // the schema has refused it already
  const { status, body } = armError(text, { id: call.name, text: `${call.type}/${call.method}` });
  return new ArmError(status, body, headers);
}

function befalls(fault: ResolvedFault, call: Call): boolean {
  const pairs = [
    [fault.method, call.method],
    [fault.type, call.type],
    [fault.name, call.name],
    [fault.group, call.group],
  ] as const;
  return pairs.every(([wanted, actual]) => wanted === undefined || wanted.toLowerCase() === actual.toLowerCase());
}
