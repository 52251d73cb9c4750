import { readFileSync } from 'node:fs';
import type { Target } from '../contract/evidence.ts';
import type { ProbeInput } from '../contract/steps.ts';

/** What the prober is told to do. */
export interface ProbePlan {
  readonly targets: readonly Target[];
  /** By target id. */
  readonly expected: Readonly<Record<string, 'OPEN' | 'DROP'>>;
  readonly settings: {
    readonly connections: number;
    readonly timeoutMs: number;
    readonly convergenceMs: number;
    /** The prober ends itself after this time, whoever has stopped listening. */
    readonly budgetMs: number;
  };
}

/** Throws RangeError when a target has no expectation: it could not be judged. */
export function planOf(input: Pick<ProbeInput, 'targets' | 'expected' | 'settings'>): ProbePlan {
  const { connections, timeoutMs, convergenceMs } = input.settings;
  for (const { id } of input.targets) if (input.expected[id] === undefined) throw new RangeError(`Nothing is expected of ${id}.`);
  return {
    targets: input.targets,
    expected: input.expected,
    settings: { connections, timeoutMs, convergenceMs, budgetMs: budgetMs(timeoutMs, convergenceMs) },
  };
}

/** Upper bound of the whole course: convergence, before, proof, the last controls of the window, after, each with the wait for an answer. */
const budgetMs = (timeoutMs: number, convergenceMs: number): number => convergenceMs + 4 * (timeoutMs + 1000) + 5000;

/** The command that runs the script from its stdin; base64 needs no quoting. `-I`: no module of the VM's own may stand in for the standard library. */
export const proberCommand = (plan: ProbePlan): string => `python3 -I - ${Buffer.from(JSON.stringify(plan)).toString('base64')}`;

/** The prober's source text, Python 3.8 or newer. */
export const proberScript = (): string => readFileSync(new URL('./probe.py', import.meta.url), 'utf8');
