import { readyEndpoints } from '../adapters/kubernetes/endpoints.ts';
import type { Cluster } from '../adapters/kubernetes/index.ts';
import type { RunResult } from '../adapters/ssh/index.ts';
import type { BackendHealth } from '../contract/evidence.ts';
import { HepflowError } from '../contract/failures.ts';
import type { ProbeInput } from '../contract/steps.ts';
import { type ProbePlan, planOf, proberCommand, proberScript } from '../prober/plan.ts';
import { type ProbeOutput, ProbeOutputError, readOutput } from '../prober/read.ts';
import { sshTo } from './ssh-to.ts';
import type { StepActivity, StepContext, Tools } from './step.ts';

/** What the VM saw over one SSH session, between two looks at the backends. A prober that did not run to its end is a fault, never evidence (W10). */
export const probe: StepActivity<'probe'> = async (input, tools, context) => {
  const cluster = await tools.clusters.of(context.run.cluster);
  const plan = planOf(input);
  const startedAt = now();
  const before = await backendHealth(cluster, input.workload);
  const { kernel, convergence, connections } = readProbe(await runProber(plan, input, tools, context), plan);
  const after = await backendHealth(cluster, input.workload);
  return { phase: input.phase, startedAt, endedAt: now(), kernel, targets: input.targets, convergence, connections, backends: { before, after } };
};

const now = (): string => new Date().toISOString();

async function backendHealth(cluster: Cluster, { namespace, serviceName }: ProbeInput['workload']): Promise<BackendHealth> {
  return { readyEndpoints: await readyEndpoints(cluster, namespace, serviceName), readAt: now() };
}

function runProber(plan: ProbePlan, { ssh, phase }: ProbeInput, tools: Tools, context: StepContext): Promise<RunResult> {
  let lines = 0;
  const onLine = (): void => {
    lines += 1;
    context.heartbeat({ phase, lines });
  };
  // The prober ends by itself within its budget; somewhat later it has hung.
  const timeoutMs = plan.settings.budgetMs + 5000;
  return tools.ssh.run(sshTo(ssh, tools, context), proberCommand(plan), { stdin: proberScript(), signal: context.signal, timeoutMs, onLine });
}

function readProbe({ stdout, stderr, exitCode, signal }: RunResult, plan: ProbePlan): ProbeOutput {
  if (exitCode !== 0) {
    const how = signal === undefined ? `with exit code ${exitCode}` : `by signal ${signal}`;
    throw new HepflowError('ProberFailed', `The prober ended ${how}: ${stderr.trim().slice(-500)}`);
  }
  try {
    return readOutput(stdout, plan);
  } catch (error) {
    if (error instanceof ProbeOutputError) throw new HepflowError('ProberFailed', error.message, { cause: error });
    throw error;
  }
}
