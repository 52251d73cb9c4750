/**
 * How long a deny takes to bite, and to be gone: `node bench/time-to-deny.ts [REPETITIONS]` (default 40). One lab, one
 * run that is held before its cleanup; then
 * its policy is deleted and made again by the product's own steps, watched each time by the observer on the VM. Writes
 * bench/results/time-to-deny.{md,json}.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultPayloadConverter } from '@temporalio/common';
import { openCalico } from '../src/adapters/kubernetes/calico.ts';
import { createClusters } from '../src/adapters/kubernetes/index.ts';
import { createSsh } from '../src/adapters/ssh/index.ts';
import { deriveRunKeys } from '../src/adapters/ssh/keys.ts';
import { listApplies } from '../src/changes/index.ts';
import type { Moment } from '../src/contract/change.ts';
import type { Evidence, Expected, Target } from '../src/contract/evidence.ts';
import { finishSignal } from '../src/contract/messages.ts';
import { isMissing, type Observation } from '../src/contract/observation.ts';
import type { Transition } from '../src/contract/report.ts';
import type { Call, ChangeInput, ObserverInput, ProbeInput } from '../src/contract/steps.ts';
import type { Expectation } from '../src/contract/verdict.ts';
import { judgePhase } from '../src/judge/judgement.ts';
import { createSigner } from '../src/ownership/signature.ts';
import type { StepContext, Tools } from '../src/step/context.ts';
import { measureInterval } from '../src/step/timed.ts';
import { observerSettings } from '../src/vantage/prober/observe/plan.ts';
import { openReading, startObserver } from '../src/vantage/prober/observe/session.ts';
import { locateSession } from '../src/vantage/session.ts';
import { startWorld, type World } from '../test/e2e/world.ts';
import { awaitEnd, awaitStage, startRun } from '../test/e2e/world-runs.ts';
import { median, medianInterval, quantile } from './statistics.ts';

/** How long each change is watched after it was asked for. */
const watchedMs = 1500;
const repetitions = Number(process.argv[2] ?? '40');

/** One change, seen from the VM: it showed within [atLeast, atMost] of its being asked for. */
interface Sample {
  readonly atLeastMs: number;
  readonly atMostMs: number;
  readonly clockUncertaintyMs: number;
  readonly latenessMs: number;
  /** From the end of the watch to its result on this side. */
  readonly readBackMs: number;
}

const world = await startWorld({ calicoPace: 'calico' });
try {
  await world.startWorker();
  const handle = await startRun(world, {
    secondNode: { when: 'never' },
    cleanup: { when: 'on-signal', waitMs: 6 * 3_600_000 },
  });
  await awaitStage(handle, 'waiting');
  const bench = await benchOn(world, handle.workflowId);
  await bench.allow(); // from here on the policy is off, and the label on
  const [denies, allows]: [Sample[], Sample[]] = [[], []];
  for (let index = 0; index < repetitions; index += 1) {
    denies.push(await bench.deny());
    allows.push(await bench.allow());
    process.stderr.write(
      `${index + 1}/${repetitions}: deny ${middle(denies.at(-1)).toFixed(0)} ms, allow ` +
        `${middle(allows.at(-1)).toFixed(0)} ms\n`,
    );
  }
  const cpuShare = await bench.cpuShare();
  await bench.deny(); // as the run left it
  await handle.signal(finishSignal);
  const { report } = await awaitEnd(handle);
  write(denies, allows, cpuShare, report.outcome);
} finally {
  await world.stop();
}

/** The run's own inputs, from its history, and the product's own tools. */
async function benchOn({ client, lab }: World, workflowId: string) {
  const inputs = new Map<string, Call<unknown>>();
  for (const { activityTaskScheduledEventAttributes: scheduled } of (
    await client.workflow.getHandle(workflowId).fetchHistory()
  ).events ?? []) {
    const [payload] = scheduled?.input?.payloads ?? [];
    if (payload) inputs.set(scheduled?.activityType?.name ?? '', defaultPayloadConverter.fromPayload(payload));
  }
  const { run, input: applied } = inputs.get('applyPolicy') as Call<ChangeInput>;
  const policy = applied.change as { readonly name: string };
  const { input: probed } = inputs.get('probe') as Call<ProbeInput>;
  const { session } = probed.vantage;
  const labelled = (inputs.get('labelNode') as Call<ChangeInput>).input.change as { readonly node: string };
  const secret = readFileSync(lab.environment['HEPFLOW_KEY_SECRET_FILE'] ?? '');
  const keys = deriveRunKeys(secret, run);
  const clusters = createClusters({ kubeconfigOf: async () => lab.cluster.userKubeconfig(), requestTimeoutMs: 10_000 });
  const proxyUrl = lab.environment['HEPFLOW_SSH_PROXY'];
  const ssh = createSsh({ connectTimeoutMs: 15_000, keepaliveMs: 5000, ...(proxyUrl !== undefined && { proxyUrl }) });
  const tools = { ssh, clusters, keysOf: () => keys, signer: createSigner(secret) } as unknown as Tools;
  const context: StepContext = {
    run,
    attempt: 1,
    signal: new AbortController().signal,
    heartbeat: () => {},
    resume: undefined,
    pollIntervalMs: 50,
  };
  const isDenied = ({ kind, node }: Target): boolean => kind === 'nodePort' && node === labelled.node;
  /** What is expected of every port when the denied one shows this. */
  const expectWith = (phase: string, denied: Expected): Expectation[] =>
    probed.targets.map((target) => ({
      ...{ phase, vantage: probed.vantage.id, target, controls: [] },
      expected: isDenied(target) ? denied : 'OPEN',
    }));
  const applyPolicy = listApplies()['applyPolicy'];
  if (applyPolicy === undefined) throw new Error('No kind of change applies policies.');

  /** Watches a change, and says when it showed. */
  async function watched(
    phase: 'enforced' | 'restored',
    to: Transition['to'],
    change: () => Promise<Moment>,
  ): Promise<Sample> {
    const observer: ObserverInput = { phase, session, targets: probed.targets };
    await startObserver(observer, tools, context);
    const reading = openReading(observer, watchedMs, tools, context);
    await sleep(100 + Math.random() * 2 * observerSettings.cadenceMs); // no fixed place within a slot
    const moment = await change();
    const begin = performance.now();
    const observation = await reading.finish(watchedMs);
    const readBackMs = performance.now() - begin - watchedMs;
    if (isMissing(observation)) throw new Error(`No observation: ${observation.missing}`);
    const evidence = {
      ...{ phase, vantage: probed.vantage.id, kernel: '', targets: probed.targets },
      ...{ connections: [], backends: {}, observation },
    } as unknown as Evidence;
    const rows = { rows: expectWith(phase, to), before: expectWith(phase, to === 'DROP' ? 'OPEN' : 'DROP') };
    const { transitions } = judgePhase({ ...rows, moments: [moment] }, evidence);
    return sampleOf(transitions[0], observation, readBackMs);
  }

  return {
    deny: () =>
      watched('enforced', 'DROP', async () => {
        const [accepted] = (await applyPolicy(policy, tools, context)).moments ?? [];
        if (accepted === undefined) throw new Error('The policy was there already.');
        return accepted;
      }),
    allow: async () => {
      const cluster = await clusters.of(run.cluster);
      const { globalNetworkPolicies } = openCalico();
      const object = (await cluster.list(globalNetworkPolicies)).find(({ metadata }) =>
        metadata.name.endsWith(policy.name),
      );
      if (object === undefined) throw new Error('There is no policy to delete.');
      return watched('restored', 'OPEN', async () => ({
        ...{ name: 'policyDeleted', role: 'undone', title: '', words: '' },
        ...(await measureInterval(() => cluster.delete(globalNetworkPolicies, object))).interval,
      }));
    },
    /** Of the last deny's observer. */
    cpuShare: async (): Promise<number> => {
      const { stdout } = await ssh.run(
        locateSession(session, tools, context),
        `cat .hepflow/${run.runId}-enforced/result`,
        {
          signal: context.signal,
          timeoutMs: 10_000,
        },
      );
      return (JSON.parse(stdout) as { cpuShare: number }).cpuShare;
    },
  };
}

function sampleOf(seen: Transition | undefined, { clock, latenessMs }: Observation, readBackMs: number): Sample {
  // A censored change would make the figures smaller than the truth, so nothing is left out.
  if (!seen?.tookMs || seen.censored !== 'no')
    throw new Error(`An edge was not seen, the figures would be biased: ${seen?.sentence}`);
  const { atLeast: atLeastMs, atMost: atMostMs } = seen.tookMs;
  return {
    atLeastMs,
    atMostMs,
    clockUncertaintyMs: clock.uncertaintyMs,
    latenessMs,
    readBackMs: Math.round(readBackMs),
  };
}

function middle(sample: Sample | undefined): number {
  return sample === undefined ? Number.NaN : (sample.atLeastMs + sample.atMostMs) / 2;
}

function row(what: string, samples: readonly Sample[]): string {
  const middles = samples.map(middle);
  const { from, to } = medianInterval(middles);
  const halfWidth = median(samples.map(({ atLeastMs, atMostMs }) => (atMostMs - atLeastMs) / 2));
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  const cells = [
    what,
    samples.length,
    ms(median(middles)),
    `${from.toFixed(0)} to ${ms(to)}`,
    ms(quantile(middles, 0.95)),
    ms(Math.max(...middles)),
    `± ${ms(halfWidth)}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function write(denies: readonly Sample[], allows: readonly Sample[], cpuShare: number, outcome: string): void {
  const all = [...denies, ...allows];
  const { ranks, coverage } = medianInterval(denies.map(middle));
  const { cadenceMs, dialTimeoutMs } = observerSettings;
  const machine = { date: new Date().toISOString().slice(0, 10), processors: cpus().length, node: process.version };
  const worst = (key: 'clockUncertaintyMs' | 'latenessMs'): string =>
    Math.max(...all.map((sample) => sample[key])).toFixed(1);
  const text = `# Time to deny, time to allow

\`node bench/time-to-deny.ts ${repetitions}\`, ${machine.date}, ${machine.processors} cores, Node ${machine.node}, the
lab and everything else on the same machine.

| | n | median | 95 % interval of the median | p95 | longest | resolution of one |
|---|---|---|---|---|---|---|
${row('time to deny', denies)}
${row('time to allow', allows)}

- **Time to deny**: from the policy's creation being sent to the API server to the first new connection that met
  silence; the node and its host endpoint carried the
  label already. **Time to allow**: from the policy's deletion being sent to the first new connection that was answered.
- **How it was watched**: by the observer on the VM, a new connection to each of 4 ports every ${cadenceMs} ms with a
  limit of ${dialTimeoutMs} ms, started before each change and read back ${watchedMs} ms after it. A change
  is known to lie between the last dial that showed the old state and the first that showed the new one, the clocks'
  uncertainty (at most ${worst('clockUncertaintyMs')} ms here) and the
  lateness of dials (at most ${worst('latenessMs')} ms) included; the figures are of the middles of these intervals,
  and *resolution* is half of their median width.
  Changes were made at a random place within a slot. No repetition was left out, and an edge that was not seen would
  have ended the bench.
- **Interval of the median**: order statistics ${ranks[0]} and ${ranks[1]} of ${denies.length}, exact coverage
  ${(100 * coverage).toFixed(1)} %, whatever the distribution. p95 is by nearest rank.
- **What it is not**: the lab's Felix is a stand-in that writes nftables rules when a watch tells it; these are the
  figures of the lab and of the method, not of Calico.
- The observer took ${(100 * cpuShare).toFixed(1)} % of one processor; reading it back took
  ${median(all.map(({ readBackMs }) => readBackMs)).toFixed(0)} ms (median) beyond the watch. The run that owned the
  VM ended as ${outcome}.

Every repetition: [time-to-deny.json](time-to-deny.json).
`;
  const raw = { ...machine, repetitions, cadenceMs, dialTimeoutMs, watchedMs, cpuShare, outcome, denies, allows };
  writeFileSync(new URL('results/time-to-deny.md', import.meta.url), text);
  writeFileSync(new URL('results/time-to-deny.json', import.meta.url), `${JSON.stringify(raw)}\n`);
  process.stdout.write(text);
}
