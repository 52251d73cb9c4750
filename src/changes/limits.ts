/** Time limits that several kinds share; a kind with a reason of its own has its own. */
import type { Limits } from '../contract/change.ts';

export const second = 1000;
export const minute = 60 * second;

/** A write to the API server, and a read. */
export const writeLimits: Limits = { tryMs: minute, totalMs: 5 * minute };
/** Seconds, unless Azure throttles. */
export const azureLimits: Limits = { tryMs: 5 * minute, totalMs: 15 * minute };
