import { formatDuration } from '../report/words.ts';

/** Time since the run's start, at the head of a line. */
export const formatSince = (elapsedMs: number): string => `+${formatDuration(elapsedMs)}`.padEnd(14);
