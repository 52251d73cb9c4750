/** The expected/observed grid as lines of text. Pure: progress and the proof under way in, lines out. */
import type { Outcome } from '../contract/evidence.ts';
import type { GridCell, LiveProof, Progress } from '../contract/messages.ts';
import type { VerdictKind } from '../contract/verdict.ts';
import type { Paint } from '../report/text.ts';
import { duration } from '../report/words.ts';

const colours = { PASS: 'good', FAIL: 'bad', INCONCLUSIVE: 'unsure' } as const satisfies Record<
  VerdictKind,
  keyof Paint
>;

/** The grid for a terminal: a head, and a line a port. Empty before the first phase that is judged. */
export function gridLines({ grid = [] }: Progress, proof: LiveProof | undefined, paint: Paint): string[] {
  const [first] = grid;
  if (first === undefined) return [];
  const live = proof?.phase === first.phase ? proof : undefined;
  const width = Math.max(...grid.map(({ target }) => target.length));
  const row = (cell: GridCell): string => {
    const head = `   ${cell.target.padEnd(width)}  ${cell.expected.padEnd(8)}  `;
    if (cell.verdict === null) return `${head}${paint.unsure(soFar(cell, live))}`;
    return `${head}${(cell.observed ?? '').padEnd(11)}  ${paint[colours[cell.verdict]](cell.verdict)}`;
  };
  return [paint.faint(`   ${`phase ${first.phase}`.padEnd(width)}  expected  observed`), ...grid.map(row)];
}

/** What is known of a port that is being probed. */
function soFar({ target, expected }: GridCell, live: LiveProof | undefined): string {
  const known = live?.targets[target];
  if (live === undefined || known === undefined) return 'not probed yet';
  const seen = counted(known.seen);
  if (live.stage === 'convergence') return known.seen.length === 0 ? 'first look' : `${seen}, waiting for ${expected}`;
  if (known.synsWanted === 0) return seen || 'probing';
  const loud = known.seen.filter((outcome) => outcome !== 'DROP');
  const silence = `${known.syns} of ${known.synsWanted} SYNs silent`;
  return [
    loud.length === 0 ? silence : `${silence}, but ${counted(loud)}`,
    ...(live.stage === 'soak' ? ['soaking'] : []),
  ].join('; ');
}

/** `OPEN x3`, `OPEN x2 and DROP`. */
function counted(outcomes: readonly Outcome[]): string {
  const times = (kind: Outcome): number => outcomes.filter((outcome) => outcome === kind).length;
  return [...new Set(outcomes)].map((kind) => (times(kind) > 1 ? `${kind} x${times(kind)}` : kind)).join(' and ');
}

/** A line for each port that was judged since the last time, for logs and pipes; `elapsedMs` is since the run's start. */
export function judgedLines(before: Progress | undefined, { grid = [] }: Progress, elapsedMs: number): string[] {
  const known = new Set((before?.grid ?? []).filter(({ verdict }) => verdict !== null).map(keyOf));
  return grid
    .filter((cell) => cell.verdict !== null && !known.has(keyOf(cell)))
    .map(({ target, phase, expected, observed, verdict }) => {
      return `${`+${duration(elapsedMs)}`.padEnd(14)} ${verdict} ${target} in phase ${phase}: expected ${expected}, observed ${observed}`;
    });
}

const keyOf = ({ phase, target }: GridCell): string => `${phase} ${target}`;
