import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { createSsh, type Ssh, SshError } from '../../../src/adapters/ssh/index.ts';
import { deriveRunKeys } from '../../../src/adapters/ssh/keys.ts';
import type { Phase } from '../../../src/contract/evidence.ts';
import { HepflowError } from '../../../src/contract/failures.ts';
import type { LiveProof } from '../../../src/contract/messages.ts';
import type { ProbeInput } from '../../../src/contract/steps.ts';
import { judge } from '../../../src/judge/judge.ts';
import { expectationsOf, targetsOf } from '../../../src/scenario/expectations.ts';
import type { StepContext, Tools } from '../../../src/step/context.ts';
import { sshFailure } from '../../../src/step/failures/ssh.ts';
import { awaitSsh } from '../../../src/vantage/await-ssh.ts';
import { probe } from '../../../src/vantage/prober/probe/gather.ts';
import { type Sshd, startSshd } from '../../adapters/ssh/sshd.ts';
import { sampleRun as run } from '../../support/sample-run.ts';
import { openStreet, ports, type Street } from './street.ts';

const keys = deriveRunKeys(Buffer.alloc(32, 3), '0a1b2c3d');

/** An API server that knows two endpoints, one of them ready, and nothing else. */
const slices = [
  {
    endpoints: [
      { addresses: ['10.244.0.2'], nodeName: 'node-a', targetRef: { kind: 'Pod', name: 'frontend-1' } },
      { addresses: ['10.244.1.2'], conditions: { ready: false } },
    ],
  },
];
const asked: unknown[] = [];
const clusters = {
  of: async () => ({
    list: async (_: unknown, filter: unknown) => {
      asked.push(filter);
      return slices;
    },
  }),
};

function setting(
  ssh: Ssh,
  signal = new AbortController().signal,
): { tools: Tools; context: StepContext; beats: unknown[] } {
  const beats: unknown[] = [];
  const tools = { ssh, clusters, keysOf: () => keys } as unknown as Tools;
  return {
    tools,
    beats,
    context: {
      run,
      attempt: 1,
      signal,
      heartbeat: (state) => beats.push(state),
      resume: undefined,
      pollIntervalMs: 10,
    },
  };
}

const failsWith = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof HepflowError, `${error}`);
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

describe('on a VM that is a network namespace with a real sshd', { timeout: 90_000 }, () => {
  let street: Street;
  let sshd: Sshd;
  before(async () => {
    street = await openStreet();
    sshd = await startSshd(keys, street.prober);
  });
  afterEach(() => street.reset());
  after(async () => {
    await sshd.stop();
    await street.close();
  });

  const real = createSsh({ connectTimeoutMs: 10_000, keepaliveMs: 1000 });
  /** Steps dial port 22; here sshd listens elsewhere. */
  const toSshd = (port: () => number = () => sshd.port): Ssh => ({
    run: (target, command, options) => real.run({ ...target, port: port() }, command, options),
  });
  const where = () => ({ address: '127.0.0.1', adminUser: sshd.username });

  const node = (name: string) => ({ name, internalIp: street.host, priorLabel: null });
  function inputOf(phase: Phase, nodePort: number, more: Partial<ProbeInput> = {}): ProbeInput {
    // One host stands for both nodes: node-a's NodePort is the given port, node-b's always answers.
    const targets = targetsOf([node('node-a'), node('node-b')], ports.open, ports.mute).map((one) =>
      one.node === 'node-a' && one.kind === 'nodePort' ? { ...one, id: `node-a:${nodePort}`, port: nodePort } : one,
    );
    const expected = Object.fromEntries(
      expectationsOf(phase, targets, [node('node-a'), node('node-b')]).map((row) => [row.target.id, row.expected]),
    );
    const settings = { connections: 3, timeoutMs: 3000, convergenceMs: 3000, controlPort: ports.mute, soakMs: 0 };
    return {
      phase,
      ssh: where(),
      targets,
      expected,
      settings,
      workload: { namespace: 'default', serviceName: 'frontend-nodeport' },
      ...more,
    };
  }
  const verdicts = async (input: ProbeInput) => {
    const { tools, context, beats } = setting(toSshd());
    const evidence = await probe(input, tools, context);
    assert.ok(beats.length > 0);
    return judge(expectationsOf(input.phase, input.targets, [node('node-a'), node('node-b')]), evidence);
  };

  test('a dropped port is judged PASS, with live controls, over one session', async () => {
    const sessions = sshd.accepted();
    const found = await verdicts(inputOf('enforced', ports.drop));
    assert.equal(sshd.accepted() - sessions, 1);
    assert.deepEqual(
      found.map(({ target, expected, observed, verdict }) => [target.id, expected, observed, verdict]),
      [
        ['node-a:30081', 'DROP', 'DROP', 'PASS'],
        ['node-b:30080', 'OPEN', 'OPEN', 'PASS'],
        ['node-a:10250', 'OPEN', 'OPEN', 'PASS'],
        ['node-b:10250', 'OPEN', 'OPEN', 'PASS'],
      ],
    );
    assert.match(
      found[0]?.sentence ?? '',
      /^node-a:30081 kept silent for (9|1\d) SYNs on 3 connections in 3\.\d s, while node-b:30080 and node-a:10250 answered before, during and after\.$/,
    );
    assert.match(found[1]?.sentence ?? '', /served by node-a frontend-1\.$/);
    assert.deepEqual(
      asked.slice(-2),
      [1, 2].map(() => ({ namespace: 'default', labelSelector: 'kubernetes.io/service-name=frontend-nodeport' })),
    );
  });

  test('evidence names the pods behind the service and who answered through the open port; heartbeats tell how far the proof is', async () => {
    const { tools, context, beats } = setting(toSshd());
    const evidence = await probe(inputOf('enforced', ports.drop), tools, context);
    assert.deepEqual(evidence.backends.after.pods, [{ ip: '10.244.0.2', name: 'frontend-1', node: 'node-a' }]);
    assert.deepEqual(evidence.answers, { 'node-b:30080': { 'node-a frontend-1': 16 } });
    assert.equal(evidence.witnesses, undefined);
    const last = beats.at(-1) as LiveProof;
    assert.deepEqual(
      [last.phase, last.stage, last.targets['node-b:30080']],
      ['enforced', 'proof', { seen: ['OPEN'], syns: 0, synsWanted: 0 }],
    );
    assert.deepEqual(last.targets['node-a:30081']?.seen, ['DROP']);
    assert.ok((last.targets['node-a:30081']?.syns ?? 0) >= (last.targets['node-a:30081']?.synsWanted ?? 99));
  });

  test('a reject where silence is expected is judged FAIL', async () => {
    const [first] = await verdicts(inputOf('enforced', ports.prohibited));
    assert.deepEqual([first?.observed, first?.verdict], ['ICMP_REJECT', 'FAIL']);
  });

  test('a control that dies turns silence into INCONCLUSIVE (W4)', async () => {
    await street.drop(ports.mute);
    const [first] = await verdicts(inputOf('enforced', ports.drop));
    assert.deepEqual([first?.observed, first?.verdict], ['DROP', 'INCONCLUSIVE']);
    assert.match(first?.sentence ?? '', /node-a:10250 \(before DROP, during DROP x\d, after DROP\) did not answer/);
  });

  test('a session that breaks in the middle is a fault without evidence (W10)', async () => {
    const { tools, context } = setting({
      run: (target, command, options) => toSshd().run(target, command, { ...options, onLine: () => sshd.cut() }),
    });
    await assert.rejects(
      probe(inputOf('enforced', ports.drop), tools, context),
      (error) => error instanceof SshError && sshFailure(error).code === 'ProberFailed',
    );
  });

  test('a prober that cannot start is a fault without evidence (W10)', async () => {
    const { tools, context } = setting({
      run: (target, command, options) => toSshd().run(target, command.replace('python3', 'no-such-python'), options),
    });
    await assert.rejects(
      probe(inputOf('baseline', ports.open), tools, context),
      failsWith('ProberFailed', /exit code 127: .*no-such-python/),
    );
  });

  test('a prober that is killed in the middle is a fault without evidence (W10)', async () => {
    const { tools, context } = setting({
      run: (target, command, options) => toSshd().run(target, `timeout -s KILL 1 ${command}`, options),
    });
    await assert.rejects(
      probe(inputOf('enforced', ports.drop), tools, context),
      failsWith('ProberFailed', /exit code 137|signal SIGKILL/),
    );
  });

  test('a prober whose output is cut off is a fault without evidence (W10)', async () => {
    const { tools, context } = setting({
      run: (target, command, options) => toSshd().run(target, `${command} | head -n 4`, options),
    });
    await assert.rejects(
      probe(inputOf('baseline', ports.open), tools, context),
      failsWith('ProberFailed', /did not reach its end/),
    );
  });

  test('a cancelled probe stops at once', async () => {
    const controller = new AbortController();
    const { tools, context } = setting(toSshd(), controller.signal);
    const cancelling = { ...context, heartbeat: () => controller.abort(new Error('cancelled')) };
    await assert.rejects(probe(inputOf('enforced', ports.drop), tools, cancelling), /cancelled/);
  });

  test('SSH is awaited through a refused connection, and gives kernel and Python', async () => {
    let tries = 0;
    const { tools, context, beats } = setting(toSshd(() => (tries++ < 3 ? 1 : sshd.port)));
    const { kernel, python } = await awaitSsh(where(), tools, context);
    assert.match(kernel, /^\d+\.\d+/);
    assert.match(python, /^Python 3\.\d+/);
    assert.equal(beats.length, 3);
    assert.match(JSON.stringify(beats[0]), /127\.0\.0\.1:1 cannot be reached/);
  });

  test('a strange host key is not waited out', async () => {
    const { tools, context, beats } = setting(toSshd());
    const strange = { ...tools, keysOf: () => ({ ...keys, host: deriveRunKeys(Buffer.alloc(32, 4), 'x').host }) };
    await assert.rejects(
      awaitSsh(where(), strange, context),
      (error) => error instanceof SshError && sshFailure(error).code === 'SshHostKeyChanged',
    );
    assert.deepEqual(beats, []);
  });

  test('a refused key is waited for, until the step is cancelled', async () => {
    const controller = new AbortController();
    const { tools, context } = setting(toSshd(), controller.signal);
    const refused = { ...tools, keysOf: () => ({ ...keys, client: deriveRunKeys(Buffer.alloc(32, 4), 'x').client }) };
    let beats = 0;
    const patient = {
      ...context,
      heartbeat: () => {
        beats += 1;
        if (beats === 3) controller.abort(new Error('cancelled'));
      },
    };
    await assert.rejects(awaitSsh(where(), refused, patient), { name: 'AbortError' });
    assert.equal(beats, 3);
  });
});
