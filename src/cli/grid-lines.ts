/** The expected/observed grid as lines of text. Pure: progress and the proof under way in, lines out. */

import type { Outcome } from '../contract/evidence.ts';
import type { GridCell, LiveProof, Progress } from '../contract/messages.ts';
import { makeLine, mapTexts } from '../contract/printable.ts';
import type { VerdictKind } from '../contract/verdict.ts';
import type { Paint } from '../report/text.ts';
import { namePort } from '../report/words.ts';
import { formatSince } from './since.ts';

const colours = { PASS: 'good', FAIL: 'bad', INCONCLUSIVE: 'unsure' } as const satisfies Record<
  VerdictKind,
  keyof Paint
>;

/** The grid for a terminal: a head, and a line a port. Empty before the first phase that is judged. */
export function formatGrid(told: Progress, toldProof: LiveProof | undefined, paint: Paint): string[] {
  const [{ grid = [] }, proof] = mapTexts([told, toldProof] as const, makeLine);
  const [first] = grid;
  if (first === undefined) return [];
  const live = findLive(grid, proof);
  const names = new Map(listNames(grid));
  const width = Math.max(...[...names.values()].map((name) => name.length));
  const row = (cell: GridCell): string => {
    const head = `   ${names.get(cell)?.padEnd(width)}  ${cell.expected.padEnd(8)}  `;
    if (cell.verdict === null) return `${head}${paint.unsure(describeSoFar(cell, live))}`;
    return `${head}${(cell.observed ?? '').padEnd(11)}  ${paint[colours[cell.verdict]](cell.verdict)}`;
  };
  return [paint.faint(`   ${`phase ${first.phase}`.padEnd(width)}  expected  observed`), ...grid.map(row)];
}

/** Each port for people, beside its cell. */
function listNames(grid: readonly GridCell[]): (readonly [GridCell, string])[] {
  const vantages = [...new Set(grid.map(({ vantage }) => vantage))];
  return grid.map((cell) => [cell, namePort(cell.target, cell.vantage, vantages)]);
}

/** A heartbeat does not name its vantage: it is shown only where the ports that are being probed have one. */
function findLive(grid: readonly GridCell[], proof: LiveProof | undefined): LiveProof | undefined {
  const open = grid.filter(({ verdict }) => verdict === null);
  const isMeant = open.every(({ phase, vantage }) => phase === proof?.phase && vantage === open[0]?.vantage);
  return isMeant ? proof : undefined;
}

/** What is known of a port that is being probed. */
function describeSoFar({ target, expected }: GridCell, live: LiveProof | undefined): string {
  const known = live?.targets[target];
  if (live === undefined || known === undefined) return 'not probed yet';
  const seen = countOutcomes(known.seen);
  if (live.stage === 'convergence') {
    if (known.seen.length === 0) return 'first look';
    return known.seen.at(-1) === expected ? `${seen}, as expected` : `${seen}, waiting for ${expected}`;
  }
  if (known.synsWanted === 0) return seen || 'probing';
  const loud = known.seen.filter((outcome) => outcome !== 'DROP');
  const silence = `${known.syns} of ${known.synsWanted} SYNs silent`;
  return [
    loud.length === 0 ? silence : `${silence}, but ${countOutcomes(loud)}`,
    ...(live.stage === 'soak' ? ['soaking'] : []),
  ].join('; ');
}

/** `OPEN x3`, `OPEN x2 and DROP`. */
function countOutcomes(outcomes: readonly Outcome[]): string {
  const count = (kind: Outcome): number => outcomes.filter((outcome) => outcome === kind).length;
  return [...new Set(outcomes)].map((kind) => (count(kind) > 1 ? `${kind} x${count(kind)}` : kind)).join(' and ');
}

/**
 * A line for each port that was judged since the last time, for logs and pipes; `elapsedMs` is since the run's start.
 */
export function formatJudged(before: Progress | undefined, now: Progress, elapsedMs: number): string[] {
  const grid = now.grid ?? [];
  const known = new Set((before?.grid ?? []).filter(({ verdict }) => verdict !== null).map(keyCell));
  return listNames(grid)
    .filter(([cell]) => cell.verdict !== null && !known.has(keyCell(cell)))
    .map(([{ phase, expected, observed, verdict }, name]) => {
      const seen = `expected ${expected}, observed ${observed}`;
      const since = formatSince(findProbed(now, phase) ?? elapsedMs);
      return `${since} ${makeLine(`${verdict} ${name} in phase ${phase}: ${seen}`)}`;
    });
}

/** When the probe of a phase ended, in milliseconds since the run's start. */
function findProbed({ steps }: Progress, phase: string): number | undefined {
  const probe = steps.findLast(({ name, subject }) => name === 'probe' && subject === phase);
  if (!probe?.endedAt || !steps[0]?.startedAt) return undefined;
  return Math.max(0, Date.parse(probe.endedAt) - Date.parse(steps[0].startedAt));
}

const keyCell = ({ phase, vantage, target }: GridCell): string => `${phase} ${vantage} ${target}`;
