/** Words that all sentences share. */
import type { Outcome } from '../../contract/evidence.ts';

/** `OPEN x3`, `OPEN x2 and DROP`, `not dialled`. */
export function countOutcomes(outcomes: readonly Outcome[]): string {
  const kinds = [...new Set(outcomes)].map((kind) => {
    const times = outcomes.filter((outcome) => outcome === kind).length;
    return times > 1 ? `${kind} x${times}` : kind;
  });
  return kinds.join(' and ') || 'not dialled';
}

/** `less than 1 ms`, `11 ms`, `3.0 s`. */
export function formatDuration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 1 ? 'less than 1 ms' : `${Math.round(ms)} ms`;
}

/** A clause as a sentence of its own. */
export const formSentence = (clause: string): string => `${clause.slice(0, 1).toUpperCase()}${clause.slice(1)}.`;
