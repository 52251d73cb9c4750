/** When things happen in runs that tests tell: a minute for each phase, its first change a second after its beginning. */
const startMs = Date.parse('2026-01-01T00:00:00.000Z');

export const formTime = (ms: number): string => new Date(startMs + ms).toISOString();
export const readTime = (at: string): number => Date.parse(at) - startMs;
export const timePhase = (index: number): number => (index + 1) * 60_000;

export const timeChange = (phase: number, place: number): number => timePhase(phase) + 1010 + place * 410;
export const timeUndo = (phase: number, place: number): number => timePhase(phase) + 1010 + place * 50;
