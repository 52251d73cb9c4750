import { listReadyBackends } from '../../../adapters/kubernetes/endpoints.ts';
import type { Cluster } from '../../../adapters/kubernetes/index.ts';
import type { RunResult } from '../../../adapters/ssh/index.ts';
import type { BackendHealth, Convergence, Evidence, Target } from '../../../contract/evidence.ts';
import type { ProbeInput } from '../../../contract/steps.ts';
import type { Witness } from '../../../contract/vantage.ts';
import { sealEvidence, type Unsealed } from '../../../evidence/seal.ts';
import type { StepContext, Tools } from '../../../step/context.ts';
import { readNow } from '../../../step/timed.ts';
import type { AskWitnesses, Hearing } from '../../port.ts';
import { locateSession } from '../../session.ts';
import { failProber } from '../fail.ts';
import { type ObserverReading, openReading } from '../observe/session.ts';
import { followProof, type Live } from './live-proof.ts';
import { createProbeCommand, createProbePlan, type ProbePlan, readProbeProgram } from './plan.ts';
import { type ProbeOutput, ProbeOutputError, readProbeOutput } from './read.ts';

/** How the witnesses of a kind of vantage are asked; undefined: nobody knows such a kind. */
export type FindWitnesses = (kind: string) => AskWitnesses | undefined;

/**
 * The step that gives what a vantage saw over one SSH session, between two looks at the backends. A prober that did not
 * run to its end is a fault, never evidence (W10).
 */
export const createProbe =
  (findWitnesses: FindWitnesses) =>
  async (input: ProbeInput, tools: Tools, context: StepContext): Promise<Evidence> => {
    const evidence = await runProbe(input, findWitnesses, tools, context);
    // Nothing is added to it after this.
    return input.previousSeal === undefined ? evidence : sealEvidence(evidence, input.previousSeal);
  };

async function runProbe(
  input: ProbeInput,
  findWitnesses: FindWitnesses,
  tools: Tools,
  context: StepContext,
): Promise<Unsealed> {
  const cluster = await tools.clusters.of(context.run.cluster);
  const plan = createProbePlan(input);
  const startedAt = readNow();
  const before = await readBackends(cluster, input.targets);
  const live = followProof(input);
  const hearing = askWitnesses(input, findWitnesses, tools, context);
  const reading = openObservation(input, plan, tools, context);
  try {
    const output = readOutput(await startProber(plan, live, input, tools, context), plan, context.attempt);
    const heard = hearing?.finish();
    const soakMs = chooseSoakMs(input, output.convergence);
    if (soakMs > 0) context.heartbeat(live.soak());
    const observation = await reading?.finish(soakMs);
    const after = await readBackends(cluster, input.targets);
    const ways = await heard;
    return {
      phase: input.phase,
      vantage: input.vantage.id,
      startedAt,
      endedAt: readNow(),
      kernel: output.kernel,
      synLinearTimeouts: output.synLinearTimeouts,
      targets: input.targets,
      convergence: output.convergence,
      connections: output.connections,
      backends: pairLooks(before, after),
      answers: output.answers,
      ...(observation && { observation }),
      ...(ways && { witnesses: [...ways, ...output.deniedPackets] }),
    };
  } finally {
    reading?.giveUp();
    hearing?.giveUp();
  }
}

/** Only a deny that shows is worth soaking. */
const chooseSoakMs = ({ settings, expected }: ProbeInput, { reached }: Convergence): number =>
  reached && Object.values(expected).includes('DROP') ? settings.soakMs : 0;

function askWitnesses(
  { witnesses, targets }: ProbeInput,
  findWitnesses: FindWitnesses,
  tools: Tools,
  context: StepContext,
): Hearing | undefined {
  if (witnesses === undefined) return undefined;
  const ask = findWitnesses(witnesses.kind);
  return ask === undefined ? missWitnesses(witnesses.kind) : ask(witnesses.ask, targets, tools, context);
}

/** Of a kind of vantage that this worker does not know. */
function missWitnesses(kind: string): Hearing {
  const because = `this worker knows none for a vantage of kind ${kind}`;
  const missing: Witness = {
    by: 'way',
    title: 'Witnesses of the way',
    of: 'way',
    about: null,
    says: 'missing',
    because,
  };
  return { finish: async () => [missing], giveUp: () => {} };
}

const openObservation = (
  { phase, vantage: { session }, targets, settings, observed }: ProbeInput,
  { settings: { budgetMs } }: ProbePlan,
  tools: Tools,
  context: StepContext,
): ObserverReading | undefined =>
  observed ? openReading({ phase, session, targets }, budgetMs + settings.soakMs, tools, context) : undefined;

type BackendsLook = ReadonlyMap<string, BackendHealth>;

/** The backends of every service behind a target. */
async function readBackends(cluster: Cluster, targets: readonly Target[]): Promise<BackendsLook> {
  const services = [...new Set(targets.flatMap(({ service }) => service ?? []))];
  return new Map(
    await Promise.all(services.map(async (service) => [service, await readHealth(cluster, service)] as const)),
  );
}

async function readHealth(cluster: Cluster, service: string): Promise<BackendHealth> {
  const [namespace = '', name = ''] = service.split('/');
  const pods = await listReadyBackends(cluster, namespace, name);
  return { readyEndpoints: pods.length, readAt: readNow(), pods };
}

const pairLooks = (before: BackendsLook, after: BackendsLook): Evidence['backends'] =>
  Object.fromEntries(
    [...before].flatMap(([service, health]) => {
      const later = after.get(service);
      return later === undefined ? [] : [[service, { before: health, after: later }]];
    }),
  );

function startProber(
  plan: ProbePlan,
  live: Live,
  { vantage }: ProbeInput,
  tools: Tools,
  context: StepContext,
): Promise<RunResult> {
  const onLine = (line: string): void => context.heartbeat(live.line(line));
  // The prober ends by itself within its budget; somewhat later it has hung.
  const timeoutMs = plan.settings.budgetMs + 5000;
  return tools.ssh.run(locateSession(vantage.session, tools, context), createProbeCommand(plan), {
    stdin: readProbeProgram(),
    signal: context.signal,
    timeoutMs,
    onLine,
  });
}

function readOutput({ stdout, stderr, exitCode, signal }: RunResult, plan: ProbePlan, attempt: number): ProbeOutput {
  if (exitCode !== 0) {
    const how = signal === undefined ? `with exit code ${exitCode}` : `by signal ${signal}`;
    throw failProber(`The prober ended ${how}: ${stderr.trim().slice(-500)}`, attempt);
  }
  try {
    return readProbeOutput(stdout, plan);
  } catch (error) {
    if (error instanceof ProbeOutputError) throw failProber(error.message, attempt, error);
    throw error;
  }
}
