import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { undoEach } from '../../../src/activities/undo.ts';
import { createSsh, type RunOptions, type Ssh, SshError } from '../../../src/adapters/ssh/index.ts';
import { deriveRunKeys } from '../../../src/adapters/ssh/keys.ts';
import type { Target } from '../../../src/contract/evidence.ts';
import { HepflowError } from '../../../src/contract/failures.ts';
import { isMissing, type Missing, type Observation } from '../../../src/contract/observation.ts';
import type { ObserverInput, ProbeInput } from '../../../src/contract/steps.ts';
import { dialsOf } from '../../../src/evidence/track.ts';
import type { StepContext, Tools } from '../../../src/step/context.ts';
import { openReading, startObserver } from '../../../src/vantage/prober/observe/session.ts';
import { probe } from '../../../src/vantage/prober/probe/gather.ts';
import { type Sshd, startSshd } from '../../adapters/ssh/sshd.ts';
import { sampleRun as run } from '../../support/sample-run.ts';
import { openStreet, ports, type Street } from './street.ts';

const keys = deriveRunKeys(Buffer.alloc(32, 5), '0a1b2c3d');
const never = new AbortController().signal;
const clusters = {
  of: async () => ({ list: async () => [{ endpoints: [{ addresses: ['10.244.0.2'] }] }], find: async () => undefined }),
};

describe('the observer over a real sshd', { timeout: 120_000 }, () => {
  let street: Street;
  let sshd: Sshd;
  let home: string;
  before(async () => {
    street = await openStreet();
    sshd = await startSshd(keys, street.prober);
  });
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'hepflow-observer-'));
  });
  afterEach(async () => {
    kill();
    rmSync(home, { recursive: true, force: true });
    await street.reset();
  });
  after(async () => {
    await sshd.stop();
    await street.close();
  });

  const pidFile = () => join(home, '.hepflow', '0a1b2c3d-enforced', 'lock');
  function kill(): void {
    try {
      const pid = Number(readFileSync(pidFile(), 'utf8'));
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('sys.stdin.buffer')) process.kill(pid, 'SIGKILL');
    } catch {} // none was started, or it has ended
  }
  const real = createSsh({ connectTimeoutMs: 10_000, keepaliveMs: 1000 });
  /** Steps dial port 22; here sshd listens elsewhere, and the home is a test's own. `change` may spoil a session. */
  const toSshd = (change: (options: RunOptions, command: string) => Partial<RunOptions> = () => ({})): Ssh => ({
    run: (target, command, options) =>
      real.run({ ...target, port: sshd.port }, `HOME=${home} ${command}`, { ...options, ...change(options, command) }),
  });
  const setting = (ssh: Ssh, signal = never): { tools: Tools; context: StepContext } => ({
    tools: { ssh, clusters, keysOf: () => keys } as unknown as Tools,
    context: { run, attempt: 1, signal, heartbeat: () => {}, resume: undefined, pollIntervalMs: 10 },
  });
  const at = (port: number, kind: Target['kind']): Target => ({
    id: `node-a:${port}`,
    node: 'node-a',
    address: street.host,
    port,
    kind,
  });
  const input = (): ObserverInput => ({
    phase: 'enforced',
    ssh: { address: '127.0.0.1', adminUser: sshd.username },
    targets: [at(ports.open, 'nodePort'), at(ports.mute, 'openPort')],
  });
  const denyNew = () => street.rule(`tcp dport ${ports.open} tcp flags & (syn | ack) == syn drop`);

  function found(observation: Observation | Missing | undefined): Observation {
    assert.ok(observation !== undefined && !isMissing(observation), JSON.stringify(observation));
    return observation;
  }
  const readBack = async (ssh = toSshd(), afterMs = 0): Promise<Observation | Missing> => {
    const { tools, context } = setting(ssh);
    return openReading(input(), 10_000, tools, context).finish(afterMs);
  };

  test('it outlives the session that started it when the connection is cut, and is read back with the clocks compared', async () => {
    const { tools, context } = setting(toSshd());
    await startObserver(input(), tools, context);
    sshd.cut();
    const cutAt = Date.now();
    await denyNew();
    const observation = found(await readBack(toSshd(), 300));
    const { startedAt, slots, cadenceMs, clock } = observation;
    assert.ok(Date.parse(startedAt) < cutAt && Date.parse(startedAt) + slots * cadenceMs > cutAt);
    const dials = dialsOf(observation.tracks[`node-a:${ports.open}`] ?? '', slots).filter((dial) => dial !== '-');
    assert.ok(dials[0] === 'o' && dials.at(-1) === 'd', observation.tracks[`node-a:${ports.open}`]);
    assert.equal(clock.exchanges, 8);
    assert.ok(Math.abs(clock.offsetMs) <= clock.uncertaintyMs, JSON.stringify(clock)); // this machine has one clock
    assert.deepEqual(
      observation.held.map(({ outcome, response }) => [outcome, response]),
      [['answered', 'node-a frontend-1']],
    );
  });

  test('a session that breaks while it is read back is made again, and gives the same (W9, W10)', async () => {
    const { tools, context } = setting(toSshd());
    await startObserver(input(), tools, context);
    let sessions = 0;
    const breaking = toSshd(({ onLine }) => {
      sessions += 1;
      return {
        onLine: (line, stdin) => (sessions === 1 && line.includes('observation') ? sshd.cut() : onLine?.(line, stdin)),
      };
    });
    const observation = found(await readBack(breaking));
    assert.equal(sessions, 2);
    const { clock: _, ...same } = found(await readBack());
    const { clock: __, ...told } = observation;
    assert.deepEqual(told, same);
  });

  test('sessions that break every time leave a reason, not a failure', async () => {
    let sessions = 0;
    const broken: Ssh = {
      run: async () => {
        sessions += 1;
        throw new SshError('lost', "The session broke before the command's end: cut.");
      },
    };
    assert.deepEqual(await readBack(broken), { missing: "The session broke before the command's end: cut." });
    assert.equal(sessions, 3);
  });

  test('one that was never started, was killed, or says nonsense is missing, with the reason', async () => {
    assert.deepEqual(await readBack(), { missing: 'none was started' });
    const { tools, context } = setting(toSshd());
    await startObserver(input(), tools, context);
    kill();
    assert.deepEqual(await readBack(), { missing: 'it was killed' });
    const raving: Ssh = {
      run: (target, _, options) => real.run({ ...target, port: sshd.port }, 'echo nonsense; sleep 60', options),
    };
    assert.match(
      JSON.stringify(await readBack(raving)),
      /^\{"missing":"The observer printed a line that it cannot have printed: nonsense"\}$/,
    );
  });

  test('an aborted step does not wait for it', async () => {
    const controller = new AbortController();
    const { tools, context } = setting(toSshd(), controller.signal);
    await startObserver(input(), tools, context);
    const reading = openReading(input(), 10_000, tools, context).finish(60_000);
    controller.abort(new Error('cancelled'));
    await assert.rejects(reading, /cancelled/);
  });

  test('a start that fails is a fault that may be tried again', async () => {
    const { tools, context } = setting({
      run: (target, command, options) => toSshd().run(target, command.replace('python3', 'no-such-python'), options),
    });
    await assert.rejects(startObserver(input(), tools, context), (error) => {
      assert.ok(error instanceof HepflowError && error.code === 'ProberFailed', `${error}`);
      assert.match(error.message, /exit code 127/);
      return true;
    });
  });

  const probing = (nodePort: number, expected: 'OPEN' | 'DROP', soakMs: number): ProbeInput => {
    const targets = [at(nodePort, 'nodePort'), at(ports.mute, 'openPort')];
    return {
      ...input(),
      targets,
      expected: { [`node-a:${nodePort}`]: expected, [`node-a:${ports.mute}`]: 'OPEN' },
      settings: { connections: 3, timeoutMs: 3000, convergenceMs: 3000, controlPort: ports.mute, soakMs },
      workload: { namespace: 'default', serviceName: 'frontend-nodeport' },
      observed: true,
    };
  };
  const ended = ({ startedAt, slots, cadenceMs }: Observation): number => Date.parse(startedAt) + slots * cadenceMs;

  test('a probe brings the observation along, over the whole of its proof; with soak, so much longer', async () => {
    for (const soakMs of [0, 2000]) {
      const { tools, context } = setting(toSshd());
      await startObserver(input(), tools, context);
      await denyNew();
      const { observation, connections, convergence } = await probe(
        probing(ports.open, 'DROP', soakMs),
        tools,
        context,
      );
      assert.equal(convergence.reached, true);
      const proofEnds = Math.max(...connections.map(({ startedAt, elapsedMs }) => Date.parse(startedAt) + elapsedMs));
      assert.ok(
        ended(found(observation)) >= proofEnds + soakMs - 25,
        `${ended(found(observation)) - proofEnds} ms after the proof`,
      );
      await street.reset();
    }
  });

  test('nothing is soaked when the deny did not show, or none was expected', async () => {
    for (const expected of ['OPEN', 'DROP'] as const) {
      const { tools, context } = setting(toSshd());
      await startObserver(input(), tools, context);
      const begin = Date.now();
      found((await probe(probing(ports.open, expected, 60_000), tools, context)).observation);
      assert.ok(Date.now() - begin < 60_000);
    }
  });

  test('a probe without its observer is evidence all the same, and says what is missing', async () => {
    const { tools, context } = setting(toSshd());
    const { observation, connections } = await probe(probing(ports.open, 'OPEN', 0), tools, context);
    assert.deepEqual(observation, { missing: 'none was started' });
    assert.ok(connections.length > 0);
  });

  describe('for an undo', () => {
    const entries = [
      { undo: 'deletePolicy', input: { name: 'deny' }, subject: 'deny', command: 'kubectl delete' },
    ] as const;
    const undoing = async (ssh: Ssh) => {
      const { tools, context } = setting(ssh);
      const listing = { ...tools, clusters: { of: async () => ({ list: async () => [] }) } } as unknown as Tools;
      return (await undoEach({ entries, observer: input() }, listing, context)).map(({ outcome }) => outcome);
    };

    test('it watches from before the first entry', async () => {
      assert.deepEqual(await undoing(toSshd()), ['nothing']);
      found(await readBack());
    });

    test('one that cannot be started, or hangs, does not keep the undo from being done (W5)', async () => {
      const failing: Ssh = {
        run: async () => {
          throw new SshError('unreachable', 'nobody there');
        },
      };
      assert.deepEqual(await undoing(failing), ['nothing']);
      const hanging: Ssh = {
        run: (_, __, { signal }) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      };
      assert.deepEqual(await undoing(hanging), ['nothing']);
    });

    test('it is not started again by a second try that goes on in the middle', async () => {
      const { tools, context } = setting({ run: async () => assert.fail('a session') });
      const done = { outcome: 'done', retryable: false, code: '', detail: '', startedAt: '', endedAt: '' };
      assert.deepEqual(
        await undoEach({ entries, observer: input() }, tools, { ...context, resume: { outcomes: [done] } }),
        [done],
      );
    });
  });
});
