import type { Expected, Target } from '../../../contract/evidence.ts';
import type { ProbeInput } from '../../../contract/steps.ts';
import { joinProgram } from '../program.ts';

/** What the prober is told to do. */
export interface ProbePlan {
  readonly targets: readonly Target[];
  /** By target id. */
  readonly expected: Readonly<Record<string, Expected>>;
  /**
   * Object names of the policies whose denied packets the nodes' own metrics are asked for, and where; null: none is in
   * force.
   */
  readonly deniedPackets: { readonly policies: readonly string[]; readonly port: number } | null;
  readonly settings: {
    readonly connections: number;
    readonly timeoutMs: number;
    readonly convergenceMs: number;
    /** The prober ends itself after this time, whoever has stopped listening. */
    readonly budgetMs: number;
  };
}

/**
 * Where Felix of Calico Enterprise and Calico Cloud shows `calico_denied_packets`, when `prometheusReporterEnabled` is
 * on. Each sample has `srcIP` and `policy="tier|name|rule|action"`, and vanishes 60 s after its last packet
 * (felix/collector/prometheus, felix/calc: RuleID; the vendor's page "Policy metrics"). Not verified on a real cluster:
 * that the count is there at once, and that names carry no other prefix than their tier's.
 */
export const policyMetricsPort = 9081;

/** Throws RangeError when a target has no expectation: it could not be judged. */
export function createProbePlan(input: Pick<ProbeInput, 'targets' | 'expected' | 'settings' | 'witnesses'>): ProbePlan {
  const { connections, timeoutMs, convergenceMs } = input.settings;
  const policies = input.witnesses?.policies ?? [];
  for (const { id } of input.targets)
    if (input.expected[id] === undefined) throw new RangeError(`Nothing is expected of ${id}.`);
  return {
    targets: input.targets,
    expected: input.expected,
    deniedPackets: policies.length === 0 ? null : { policies, port: policyMetricsPort },
    settings: { connections, timeoutMs, convergenceMs, budgetMs: limitBudget(timeoutMs, convergenceMs) },
  };
}

/**
 * Upper bound of the whole course in milliseconds: convergence; before, proof, the last controls of the window and
 * after, each with the wait for an answer; counters.
 */
const limitBudget = (timeoutMs: number, convergenceMs: number): number => convergenceMs + 4 * (timeoutMs + 1000) + 8000;

/**
 * Runs the program from its stdin; base64 needs no quoting. `-I`: no module of the VM's own may stand in for the
 * standard library.
 */
export const createProbeCommand = (plan: ProbePlan): string =>
  `python3 -I - ${Buffer.from(JSON.stringify(plan)).toString('base64')}`;

/** The prober's source text. */
export const readProbeProgram = (): string =>
  joinProgram(['kernel', 'report', 'probe/dial', 'probe/counters', 'probe/main']);
