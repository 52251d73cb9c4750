import { readFileSync } from 'node:fs';
import type { Target } from '../../../contract/evidence.ts';
import type { ProbeInput } from '../../../contract/steps.ts';

/** What the prober is told to do. */
export interface ProbePlan {
  readonly targets: readonly Target[];
  /** By target id. */
  readonly expected: Readonly<Record<string, 'OPEN' | 'DROP'>>;
  /** Whose denied packets the nodes' own metrics are asked for, and where; null: no policy is in force. */
  readonly deniedPackets: { readonly policy: string; readonly port: number } | null;
  readonly settings: {
    readonly connections: number;
    readonly timeoutMs: number;
    readonly convergenceMs: number;
    /** The prober ends itself after this time, whoever has stopped listening. */
    readonly budgetMs: number;
  };
}

/**
 * Where Felix of Calico Enterprise and Calico Cloud shows `calico_denied_packets`, when `prometheusReporterEnabled` is on. Each sample has `srcIP` and
 * `policy="tier|name|rule|action"`, and vanishes 60 s after its last packet (felix/collector/prometheus, felix/calc: RuleID; the vendor's page "Policy
 * metrics"). Not verified on a real cluster: that the count is there at once, and that names carry no other prefix than their tier's.
 */
export const policyMetricsPort = 9081;

/** Throws RangeError when a target has no expectation: it could not be judged. */
export function planOf(input: Pick<ProbeInput, 'targets' | 'expected' | 'settings' | 'witnesses'>): ProbePlan {
  const { connections, timeoutMs, convergenceMs } = input.settings;
  const policy = input.witnesses?.policy ?? null;
  for (const { id } of input.targets)
    if (input.expected[id] === undefined) throw new RangeError(`Nothing is expected of ${id}.`);
  return {
    targets: input.targets,
    expected: input.expected,
    deniedPackets: policy === null ? null : { policy, port: policyMetricsPort },
    settings: { connections, timeoutMs, convergenceMs, budgetMs: budgetMs(timeoutMs, convergenceMs) },
  };
}

/** Upper bound of the whole course: convergence, before, proof, the last controls of the window, after, each with the wait for an answer; counters. */
const budgetMs = (timeoutMs: number, convergenceMs: number): number => convergenceMs + 4 * (timeoutMs + 1000) + 8000;

/** The command that runs the script from its stdin; base64 needs no quoting. `-I`: no module of the VM's own may stand in for the standard library. */
export const proberCommand = (plan: ProbePlan): string =>
  `python3 -I - ${Buffer.from(JSON.stringify(plan)).toString('base64')}`;

/** The prober's source text, Python 3.8 or newer. */
export const proberScript = (): string => readFileSync(new URL('./probe.py', import.meta.url), 'utf8');
