import * as z from 'zod';
import { type ErrorBody, isErrorCode } from '../arm/errors.ts';

const code = z.string().refine(isErrorCode, { error: 'is not a code of lab/azure/arm/error-table.ts' });

const policies = z
  .array(
    z.strictObject({
      type: z.string(),
      info: z.custom<object>((value) => typeof value === 'object' && value !== null),
    }),
  )
  .readonly();

/** Details of an error, below its code and message. */
const reason: z.ZodType<ErrorBody, ErrorBody> = z.strictObject({
  code: z.string(),
  message: z.string(),
  target: z.string().exactOptional(),
  get details() {
    return z.array(reason).readonly().exactOptional();
  },
  get innererror() {
    return reason.exactOptional();
  },
  additionalInfo: policies.exactOptional(),
});
const reasons = {
  /** `{name}` stands for the name of the resource. Default: that of lab/azure/arm/error-table.ts. */
  message: z.string().optional(),
  target: z.string().optional(),
  details: z.array(reason).readonly().optional(),
  innererror: reason.optional(),
  additionalInfo: policies.optional(),
};

/** Which calls meet a fault. Everything given must match, ignoring case. */
const match = {
  /** Default: any. */
  method: z.enum(['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD']).optional(),
  /** Full type, such as `Microsoft.Network/virtualNetworks`; polls are `Microsoft.Network/locations/operations`. */
  type: z.string(),
  /** Last name in the id. Default: any. */
  name: z.string().optional(),
  /** Resource group. Default: any. */
  group: z.string().optional(),
  /** How many matching calls pass before. Default 0. */
  skip: z.int().min(0).default(0),
  /** How many calls. Default 1, with `forMs` always. */
  times: z.union([z.int().min(1), z.literal('always')]).optional(),
  /** How long, from the first call that meets it. */
  forMs: z.number().positive().optional(),
};
/** Which calls, how many of them, for how long. */
export const whereSchema = z.strictObject(match);
export type Where = z.input<typeof whereSchema>;

/** Faults by kind. */
export const faultSchema = z.discriminatedUnion('kind', [
  /** 429, with or without Retry-After. */
  z.strictObject({
    kind: z.literal('throttle'),
    ...match,
    retryAfterSeconds: z.number().min(0).optional(),
    code: code.default('TooManyRequests'),
  }),
  /** 409, or the status of the code. */
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
  /** 401 for the token that the call carries, from now on; another token is fine. */
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
  /** The operation continues, but its URL answers 404. */
  z.strictObject({ kind: z.literal('loseOperation'), ...match }),
  /** The call is accepted, and the connection breaks before the answer. */
  z.strictObject({ kind: z.literal('dropAfterAccept'), ...match }),
  /** 403, or a lock's 409: the status of the code. */
  z.strictObject({ kind: z.literal('deny'), ...match, code: code.default('AuthorizationFailed') }),
  /** 500, or another 5xx. */
  z.strictObject({ kind: z.literal('serverError'), ...match, code: code.default('InternalServerError') }),
]);

export type Fault = z.input<typeof faultSchema>;
/** A fault with its defaults filled in. */
export type ResolvedFault = z.output<typeof faultSchema>;
