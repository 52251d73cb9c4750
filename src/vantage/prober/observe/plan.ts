import type { Target } from '../../../contract/evidence.ts';
import type { ObserverInput } from '../../../contract/steps.ts';
import { joinProgram } from '../program.ts';

const minute = 60_000;

/** Fixed, so that every observation can be compared with every other; documented in docs/report.md. */
export const observerSettings = {
  /** A new connection to every target each so many milliseconds. */
  cadenceMs: 25,
  /** Limit of each, in milliseconds: below the first retransmission after 1 s, so every dial is one SYN. */
  dialTimeoutMs: 200,
  /** How far back its memory goes when it is asked to stop, in milliseconds. */
  keepMs: 2 * minute,
  /** It ends by itself after this time, in milliseconds, unless it is asked to go on for a soak. */
  boundMs: 10 * minute,
  /**
   * How long it waits to see every target open before it says that it is ready, in milliseconds; then it goes on all
   * the same.
   */
  openWithinMs: 3000,
  /**
   * A target that did not answer this many dials in a row is taken to be silent: a port that is denied already keeps no
   * change waiting.
   */
  settledDials: 10,
  /** The longest soak that a run spec may ask for, in milliseconds. */
  longestSoakMs: 5 * minute,
} as const;

/**
 * More slots than any observer reports: it forgets what is older than its memory a tenth of that late, and nothing in a
 * soak.
 */
export const mostSlots = Math.ceil(
  (1.2 * (observerSettings.keepMs + observerSettings.longestSoakMs)) / observerSettings.cadenceMs,
);

/** What the observer is told when it is started. */
export interface StartPlan {
  readonly do: 'start';
  /** Name of its folder on the VM, and so of the observer. */
  readonly folder: string;
  readonly targets: readonly Target[];
  readonly cadenceMs: number;
  readonly dialTimeoutMs: number;
  readonly keepMs: number;
  readonly boundMs: number;
  readonly longestSoakMs: number;
  readonly openWithinMs: number;
  readonly settledDials: number;
}

export interface ReadPlan {
  readonly do: 'read';
  readonly folder: string;
}

export function createStartPlan(
  runId: string,
  { phase, targets }: Pick<ObserverInput, 'phase' | 'targets'>,
): StartPlan {
  return { do: 'start', folder: nameFolder(runId, phase), targets, ...observerSettings };
}

export const createReadPlan = (runId: string, phase: ObserverInput['phase']): ReadPlan => ({
  do: 'read',
  folder: nameFolder(runId, phase),
});

const nameFolder = (runId: string, phase: string): string => `${runId}-${phase}`;

/**
 * Command and first stdin of a session with the observer's program; what follows on stdin is the dialogue. `-I`: as for
 * the prober.
 */
export function createObserverCommand(plan: StartPlan | ReadPlan): {
  readonly command: string;
  readonly stdin: string;
} {
  const stdin = joinProgram([
    'kernel',
    'report',
    'observe/dialling',
    'observe/held',
    'observe/observer',
    'observe/main',
  ]);
  const load = `import sys; exec(sys.stdin.buffer.read(${Buffer.byteLength(stdin)}))`;
  return { command: `python3 -I -c '${load}' ${Buffer.from(JSON.stringify(plan)).toString('base64')}`, stdin };
}
