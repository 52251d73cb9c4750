import { readyBackends } from '../../../adapters/kubernetes/endpoints.ts';
import type { Cluster } from '../../../adapters/kubernetes/index.ts';
import type { RunResult } from '../../../adapters/ssh/index.ts';
import type { BackendHealth, Convergence } from '../../../contract/evidence.ts';
import { HepflowError } from '../../../contract/failures.ts';
import type { ProbeInput } from '../../../contract/steps.ts';
import { sealed } from '../../../evidence/seal.ts';
import type { StepActivity, StepContext, Tools } from '../../../step/context.ts';
import { now } from '../../../step/timed.ts';
import { openHearing } from '../../azure-vm/witnesses.ts';
import { sshTo } from '../../session.ts';
import { openReading } from '../observe/session.ts';
import { type Live, liveProof } from './live-proof.ts';
import { type ProbePlan, planOf, proberCommand, proberScript } from './plan.ts';
import { type ProbeOutput, ProbeOutputError, readOutput } from './read.ts';

/** What the VM saw over one SSH session, between two looks at the backends. A prober that did not run to its end is a fault, never evidence (W10). */
export const probe: StepActivity<'probe'> = async (input, tools, context) => {
  const evidence = await gather(input, tools, context);
  return input.previousSeal === undefined ? evidence : sealed(evidence, input.previousSeal); // nothing is added to it after this
};

const gather: StepActivity<'probe'> = async (input, tools, context) => {
  const cluster = await tools.clusters.of(context.run.cluster);
  const plan = planOf(input);
  const startedAt = now();
  const before = await backendHealth(cluster, input.workload);
  const live = liveProof(input);
  const hearing = openHearing(input, tools, context);
  const reading = input.observed
    ? openReading(input, plan.settings.budgetMs + input.settings.soakMs, tools, context)
    : undefined;
  try {
    const { kernel, synLinearTimeouts, convergence, connections, answers, deniedPackets } = readProbe(
      await runProber(plan, live, input, tools, context),
      plan,
    );
    const witnesses = hearing.finish();
    const soak = soakMs(input, convergence);
    if (soak > 0) context.heartbeat(live.soak());
    const observation = await reading?.finish(soak);
    const after = await backendHealth(cluster, input.workload);
    const said = await witnesses;
    return {
      phase: input.phase,
      startedAt,
      endedAt: now(),
      kernel,
      synLinearTimeouts,
      targets: input.targets,
      convergence,
      connections,
      backends: { before, after },
      answers,
      ...(observation && { observation }),
      ...(said && { witnesses: { deniedPackets, ...said } }),
    };
  } finally {
    reading?.giveUp();
    hearing.giveUp();
  }
};

/** Only a deny that shows is worth soaking. */
const soakMs = ({ settings, expected }: ProbeInput, { reached }: Convergence): number =>
  reached && Object.values(expected).includes('DROP') ? settings.soakMs : 0;

async function backendHealth(
  cluster: Cluster,
  { namespace, serviceName }: ProbeInput['workload'],
): Promise<BackendHealth> {
  const pods = await readyBackends(cluster, namespace, serviceName);
  return { readyEndpoints: pods.length, readAt: now(), pods };
}

function runProber(
  plan: ProbePlan,
  live: Live,
  { ssh }: ProbeInput,
  tools: Tools,
  context: StepContext,
): Promise<RunResult> {
  const onLine = (line: string): void => context.heartbeat(live.line(line));
  // The prober ends by itself within its budget; somewhat later it has hung.
  const timeoutMs = plan.settings.budgetMs + 5000;
  return tools.ssh.run(sshTo(ssh, tools, context), proberCommand(plan), {
    stdin: proberScript(),
    signal: context.signal,
    timeoutMs,
    onLine,
  });
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
