import type { Found } from '../contract/sweep.ts';

/** A thing as it was seen, before what is known of its run is put together. */
export interface Trace extends Omit<Found, 'runIs' | 'resourceGroup'> {
  /** null: the thing is not in the resource group of the run's VM. */
  readonly resourceGroup: string | null;
  /** It shows by itself that its run is over: a peering whose other VNet is gone. A run makes that VNet first and deletes it last. */
  readonly orphan: boolean;
  /** Known of a run that holds the cluster: its Temporal namespace, and the first run of its chain. */
  readonly execution: { readonly namespace: string; readonly firstExecutionRunId: string } | null;
}

export interface Traces {
  readonly traces: readonly Trace[];
  /** What could not be looked at. */
  readonly warnings: readonly string[];
}

export const unmarked = {
  owner: '',
  createdAt: null,
  expiresAt: null,
  orphan: false,
  resourceGroup: null,
  execution: null,
} as const;

/** Anything else is no run id of ours, whatever it stands on. */
export const isRunId = (text: string): boolean => /^[0-9a-f]{8}$/.test(text);

/** A time that can be compared; null for anything else. */
export const timeIn = (text: string | undefined): string | null =>
  text !== undefined && !Number.isNaN(Date.parse(text)) ? text : null;
