/** How each fault befalls a run on a lab. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/lab.ts';
import { run } from '../../lab/process/run.ts';
import type { Moment, Order } from '../support/worker-under-test/messages.ts';
import { WorkerUnderTest } from '../support/worker-under-test/worker.ts';
import type { Fault, Server } from './matrix.ts';

/** A fault, armed: its first worker polls. */
export interface Strike {
  /**
   * Resolves with the time of the (last) blow, in milliseconds since the epoch, once everything that was ended runs
   * again. Rejects when the fault never struck.
   */
  readonly over: Promise<number>;
  /** The last that the workers printed. */
  output(): string;
  /** Ends the workers, and every fault. */
  stop(): Promise<void>;
}

/** Starts the first worker, and arms the fault. */
export async function arm(lab: Lab, fault: Fault): Promise<Strike> {
  const workers = new Workers(lab);
  const first = await workers.start(orderOf(fault));
  const over = blowOf[fault.kind](lab, fault as never, workers, first);
  over.catch(() => {}); // the harness looks at it later
  return {
    over,
    output: () => workers.all.map((worker, index) => `worker ${index + 1}: ${worker.output()}`).join('\n'),
    stop: async () => {
      workers.stopped = true;
      lab.azure.faults.clear();
      lab.azure.setReachable(true);
      for (const worker of workers.all) await worker.kill();
    },
  };
}

class Workers {
  readonly all: WorkerUnderTest[] = [];
  /** The run is over: what ends now does not end by the fault. */
  stopped = false;
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  async start(order?: Order): Promise<WorkerUnderTest> {
    const worker = await WorkerUnderTest.start(this.#lab.environment, order);
    this.all.push(worker);
    return worker;
  }
}

function orderOf(fault: Fault): Order | undefined {
  if (fault.kind === 'nothing' || fault.kind === 'armDrop') return undefined;
  if (fault.kind !== 'killWorker') return { ...fault.at, act: 'stop' };
  const [moment] = fault.at;
  return moment && { ...moment, act: 'die' };
}

type Blow<K extends Fault['kind']> = (
  lab: Lab,
  fault: Extract<Fault, { kind: K }>,
  workers: Workers,
  first: WorkerUnderTest,
) => Promise<number>;

const blowOf: { readonly [K in Fault['kind']]: Blow<K> } = {
  nothing: async () => Date.now(),
  killWorker: async (_lab, { at }, workers, first) => killOneAfterTheOther(at, workers, first),
  killServers: (lab, { servers, downMs }, _workers, first) =>
    whenStopped(first, async () => {
      await kill(lab, servers);
      first.goOn();
      await sleep(downMs);
      await restart(lab, servers);
    }),
  resetSsh: (lab, _fault, _workers, first) =>
    whenStopped(first, async () => {
      await killSessions(lab);
      first.goOn();
    }),
  armUnreachable: (lab, { downMs }, _workers, first) =>
    whenStopped(first, async () => {
      lab.azure.setReachable(false);
      first.goOn();
      await sleep(downMs);
      lab.azure.setReachable(true);
    }),
  armDrop: (lab, { method, type, group }, workers) => {
    lab.azure.faults.add({ kind: 'dropAfterAccept', method, type, group });
    return whenDropped(lab, method, type, workers);
  },
};

async function whenStopped(worker: WorkerUnderTest, strike: () => Promise<void>): Promise<number> {
  await worker.stopped().catch((cause: unknown) => {
    throw new Error('The run did not come to that moment.', { cause });
  });
  const at = Date.now();
  await strike();
  return at;
}

async function killOneAfterTheOther(
  points: readonly Moment[],
  workers: Workers,
  first: WorkerUnderTest,
): Promise<number> {
  let [at, current] = [0, first];
  for (const [index] of points.entries()) {
    const signal = await current.ended;
    if (workers.stopped) throw new Error(`Worker ${index + 1} was not killed: the run did not come to that moment.`);
    if (signal !== 'SIGKILL') throw new Error(`Worker ${index + 1} ended by itself.`);
    at = Date.now();
    const next = points[index + 1];
    current = await workers.start(next && { ...next, act: 'die' });
  }
  return at;
}

async function kill(lab: Lab, servers: readonly Server[]): Promise<void> {
  for (const server of servers) await (server === 'temporal' ? lab.temporal.kill() : lab.cluster.kill(server));
}

async function restart(lab: Lab, servers: readonly Server[]): Promise<void> {
  if (servers.includes('temporal')) await lab.temporal.restart();
  if (servers.some((server) => server !== 'temporal')) await lab.cluster.restart();
}

/** Titles that sshd gives to the processes of a session; the one that listens has another. */
const session = /^sshd(-session)?: \S+(@notty| \[priv\])/;

/** SIGKILL to every SSH session of the lab's VMs, as soon as there is one: their connections are reset. */
export async function killSessions(lab: Lab): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; await sleep(20)) {
    const sessions = await sshSessions(lab);
    for (const pid of sessions) process.kill(pid, 'SIGKILL');
    if (sessions.length > 0) return;
    if (Date.now() > deadline) throw new Error('There is no SSH session to reset.');
  }
}

async function sshSessions(lab: Lab): Promise<number[]> {
  const names = (await run(['ip', 'netns', 'list'])).split('\n').flatMap((line) => line.split(' ')[0] ?? []);
  const own = names.filter((name) => name.startsWith(`hepflow-${lab.scope.id}-`));
  const pids = (await Promise.all(own.map((name) => run(['ip', 'netns', 'pids', name])))).flatMap((text) =>
    text.split('\n').filter(Boolean).map(Number),
  );
  const titles = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_, index) => session.test((titles[index] ?? '').replaceAll('\0', ' ')));
}

/** Sees the first call of that kind that stays without an answer. */
async function whenDropped(lab: Lab, method: string, type: string, workers: Workers): Promise<number> {
  const from = lab.azure.requests().length;
  const named = new RegExp(`/${type.split('/').at(-1)}/[^/]+$`, 'i');
  const isUnanswered = ({ method: sent, path, status }: { method: string; path: string; status: number }) =>
    sent === method && status === 0 && named.test(path);
  for (;;) {
    const at = Date.now();
    if (lab.azure.requests().slice(from).some(isUnanswered)) {
      await sleep(500); // one that is merely under way has its answer by then
      if (lab.azure.requests().slice(from).some(isUnanswered)) return at;
    }
    if (workers.stopped) throw new Error(`No ${method} of ${type} was cut.`);
    await sleep(20);
  }
}
