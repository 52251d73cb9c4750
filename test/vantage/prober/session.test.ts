import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { type Ssh, SshError } from '../../../src/adapters/ssh/index.ts';
import { HepflowError } from '../../../src/contract/failures.ts';
import { isMissing, type Missing, type Observation } from '../../../src/contract/observation.ts';
import type { ProbeInput } from '../../../src/contract/steps.ts';
import { readTrack } from '../../../src/evidence/track.ts';
import { openReading, startObserver } from '../../../src/vantage/prober/observe/session.ts';
import { createProbe } from '../../../src/vantage/prober/probe/run.ts';
import { ObserverHost } from './observer-host.ts';
import { ports } from './street.ts';

const probe = createProbe(() => assert.fail('witnesses'));

describe('the observer over a real sshd', { timeout: 120_000 }, () => {
  let host: ObserverHost;
  before(async () => {
    host = await ObserverHost.open();
  });
  afterEach(() => host.reset());
  after(() => host.close());

  const denyNew = () => host.street.rule(`tcp dport ${ports.open} tcp flags & (syn | ack) == syn drop`);

  function found(observation: Observation | Missing | undefined): Observation {
    assert.ok(observation !== undefined && !isMissing(observation), JSON.stringify(observation));
    return observation;
  }

  test('it outlives a connection that is cut, and is read back with the clocks compared', async () => {
    const { tools, context } = host.setting(host.connect());
    await startObserver(host.input(), tools, context);
    host.sshd.cut();
    const cutAt = Date.now();
    await denyNew();
    const observation = found(await host.readBack(host.connect(), 300));
    const { startedAt, slots, cadenceMs, clock } = observation;
    assert.ok(Date.parse(startedAt) < cutAt && Date.parse(startedAt) + slots * cadenceMs > cutAt);
    const dials = readTrack(observation.tracks[`node-a:${ports.open}`] ?? '', slots).filter((dial) => dial !== '-');
    assert.ok(dials[0] === 'o' && dials.at(-1) === 'd', observation.tracks[`node-a:${ports.open}`]);
    assert.deepEqual([clock.exchanges, clock.movedMs], [16, undefined]);
    assert.ok(Math.abs(clock.offsetMs) <= clock.uncertaintyMs, JSON.stringify(clock)); // this machine has one clock
    assert.deepEqual(
      observation.held.map(({ outcome, response }) => [outcome, response]),
      [['answered', 'node-a frontend-1']],
    );
  });

  test('a session that breaks while it is read back is made again, and gives the same (W9, W10)', async () => {
    const { tools, context } = host.setting(host.connect());
    await startObserver(host.input(), tools, context);
    let sessions = 0;
    const breaking = host.connect(({ onLine }) => {
      sessions += 1;
      return {
        onLine: (line, stdin) =>
          sessions === 1 && line.includes('observation') ? host.sshd.cut() : onLine?.(line, stdin),
      };
    });
    const observation = found(await host.readBack(breaking));
    assert.equal(sessions, 2);
    const { clock: _, ...same } = found(await host.readBack());
    const { clock: __, ...told } = observation;
    assert.deepEqual(told, same);
  });

  test('a clock that is set during the watch is noticed at its end, and makes the times uncertain by as much', async () => {
    const { tools, context } = host.setting(host.connect());
    await startObserver(host.input(), tools, context);
    let isSet = false;
    // What the dialogue tells of the VM's clock jumps: this machine's own is everybody's.
    const stepping = host.connect(({ onLine }) => ({
      onLine: (line, stdin) => {
        const told = JSON.parse(line) as { type: string; atMs: number };
        isSet ||= told.type === 'observation';
        onLine?.(isSet && told.type === 'clock' ? JSON.stringify({ ...told, atMs: told.atMs + 5000 }) : line, stdin);
      },
    }));
    const { clock } = found(await host.readBack(stepping, 100));
    assert.ok(Math.abs((clock.movedMs ?? 0) - 5000) < 500, JSON.stringify(clock));
    assert.ok(
      Math.abs(clock.offsetMs - 2500) < 500 && Math.abs(clock.uncertaintyMs - 2500) < 500,
      JSON.stringify(clock),
    );
  });

  test('sessions that break every time leave a reason, not a failure', async () => {
    let sessions = 0;
    const broken: Ssh = {
      run: async () => {
        sessions += 1;
        throw new SshError('lost', "The session broke before the command's end: cut.");
      },
    };
    assert.deepEqual(await host.readBack(broken), { missing: "The session broke before the command's end: cut." });
    assert.equal(sessions, 3);
  });

  test('one that was never started, was killed, or prints nonsense is missing, with the reason', async () => {
    assert.deepEqual(await host.readBack(), { missing: 'none was started' });
    const { tools, context } = host.setting(host.connect());
    await startObserver(host.input(), tools, context);
    host.kill();
    assert.deepEqual(await host.readBack(), { missing: 'it was killed' });
    const raving: Ssh = {
      run: (target, _, options) =>
        host.ssh.run({ ...target, port: host.sshd.port }, 'echo nonsense; sleep 60', options),
    };
    assert.match(
      JSON.stringify(await host.readBack(raving)),
      /^\{"missing":"The observer printed a line that it cannot have printed: nonsense"\}$/,
    );
  });

  test('an aborted step does not wait for it', async () => {
    const controller = new AbortController();
    const { tools, context } = host.setting(host.connect(), controller.signal);
    await startObserver(host.input(), tools, context);
    const reading = openReading(host.input(), 10_000, tools, context).finish(60_000);
    controller.abort(new Error('cancelled'));
    await assert.rejects(reading, /cancelled/);
  });

  test('a start that fails is a fault that may be tried again', async () => {
    const { tools, context } = host.setting({
      run: (target, command, options) =>
        host.connect().run(target, command.replace('python3', 'no-such-python'), options),
    });
    await assert.rejects(startObserver(host.input(), tools, context), (error) => {
      assert.ok(error instanceof HepflowError && error.code === 'ProberFailed', `${error}`);
      assert.match(error.message, /exit code 127/);
      return true;
    });
  });

  const probing = (nodePort: number, expected: 'OPEN' | 'DROP', soakMs: number): ProbeInput => {
    const targets = [host.target(nodePort, 'nodePort'), host.target(ports.mute, 'openPort')];
    return {
      phase: 'enforced',
      vantage: { id: 'vm', sourceAddresses: ['10.99.0.1'], session: host.input().session },
      targets,
      expected: { [`node-a:${nodePort}`]: expected, [`node-a:${ports.mute}`]: 'OPEN' },
      settings: { connections: 3, timeoutMs: 3000, convergenceMs: 3000, controlPort: ports.mute, soakMs },
      observed: true,
    };
  };
  const ended = ({ startedAt, slots, cadenceMs }: Observation): number => Date.parse(startedAt) + slots * cadenceMs;

  test("a probe's evidence holds the observation over its whole proof, and over the soak that follows", async () => {
    for (const soakMs of [0, 2000]) {
      const { tools, context } = host.setting(host.connect());
      await startObserver(host.input(), tools, context);
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
      await host.street.reset();
    }
  });

  test('nothing is soaked when the deny did not show, or none was expected', async () => {
    for (const expected of ['OPEN', 'DROP'] as const) {
      const { tools, context } = host.setting(host.connect());
      await startObserver(host.input(), tools, context);
      const begin = Date.now();
      found((await probe(probing(ports.open, expected, 60_000), tools, context)).observation);
      assert.ok(Date.now() - begin < 60_000);
    }
  });

  test('a probe without its observer is evidence all the same, with the reason', async () => {
    const { tools, context } = host.setting(host.connect());
    const { observation, connections } = await probe(probing(ports.open, 'OPEN', 0), tools, context);
    assert.deepEqual(observation, { missing: 'none was started' });
    assert.ok(connections.length > 0);
  });
});
