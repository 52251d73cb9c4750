import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { createSsh, type Ssh, SshError } from '../../../src/adapters/ssh/index.ts';
import type { Expected, Target } from '../../../src/contract/evidence.ts';
import { HepflowError } from '../../../src/contract/failures.ts';
import type { LiveProof } from '../../../src/contract/messages.ts';
import type { ProbeInput } from '../../../src/contract/steps.ts';
import type { Witness } from '../../../src/contract/vantage.ts';
import type { Expectation, Verdict } from '../../../src/contract/verdict.ts';
import { judgePhase } from '../../../src/judge/judgement.ts';
import type { StepContext, Tools } from '../../../src/step/context.ts';
import { classifySshError } from '../../../src/step/failures/ssh.ts';
import type { AskWitnesses } from '../../../src/vantage/port.ts';
import { createProbe, type FindWitnesses } from '../../../src/vantage/prober/probe/run.ts';
import { type Sshd, startSshd } from '../../adapters/ssh/sshd.ts';
import { deriveKeysOf } from '../../support/keys.ts';
import { sampleRun as run } from '../../support/sample-run.ts';
import { openStreet, ports, type Street } from './street.ts';

const keys = deriveKeysOf(Buffer.alloc(32, 3), '0a1b2c3d');

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

const nobody: FindWitnesses = (kind) => assert.fail(`nobody asks for witnesses of a ${kind}`);
const probe = createProbe(nobody);

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
  const toSshd = (): Ssh => ({
    run: (target, command, options) => real.run({ ...target, port: sshd.port }, command, options),
  });
  /** One host stands for all nodes. */
  const nodePort = (node: string, port: number, service = 'default/frontend-nodeport'): Target => ({
    ...{ id: `${node}:${port}`, node, address: street.host, port, kind: 'nodePort', service },
  });
  const openPort = (node: string): Target => ({
    ...{ id: `${node}:${ports.mute}`, node, address: street.host, port: ports.mute, kind: 'openPort' },
  });
  const inputOf = (
    targets: readonly Target[],
    expected: Readonly<Record<string, Expected>>,
    more: Partial<ProbeInput> = {},
  ): ProbeInput => ({
    phase: 'shut',
    vantage: { id: 'vm', sourceAddresses: ['10.99.0.1'], session: { address: '127.0.0.1', adminUser: sshd.username } },
    targets,
    expected: { ...Object.fromEntries(targets.map(({ id }) => [id, 'OPEN' as const])), ...expected },
    settings: { connections: 3, timeoutMs: 3000, convergenceMs: 3000, controlPort: ports.mute, soakMs: 0 },
    ...more,
  });
  /** Two nodes: node-a's NodePort is the given port, node-b's always answers. */
  const pairOf = (port: number, expected: Expected, more: Partial<ProbeInput> = {}): ProbeInput => {
    const targets = [nodePort('node-a', port), openPort('node-a'), nodePort('node-b', ports.open), openPort('node-b')];
    return inputOf(targets, { [`node-a:${port}`]: expected }, more);
  };
  const rowsOf = ({ phase, vantage, targets, expected }: ProbeInput): readonly Expectation[] =>
    targets.map((target) => ({
      ...{ phase, vantage: vantage.id, target, expected: expected[target.id] ?? 'OPEN' },
      controls: expected[target.id] === 'DROP' ? [`node-b:${ports.open}`, `node-a:${ports.mute}`] : [],
    }));
  async function judged(input: ProbeInput): Promise<readonly Verdict[]> {
    const { tools, context, beats } = setting(toSshd());
    const evidence = await probe(input, tools, context);
    assert.ok(beats.length > 0);
    return judgePhase({ rows: rowsOf(input), before: null, moments: [] }, evidence).verdicts;
  }

  test('a dropped port is judged PASS, with live controls, over one session', async () => {
    const sessions = sshd.accepted();
    const found = await judged(pairOf(ports.drop, 'DROP'));
    assert.equal(sshd.accepted() - sessions, 1);
    assert.deepEqual(
      found.map(({ target, expected, observed, verdict }) => [target.id, expected, observed, verdict]),
      [
        ['node-a:30081', 'DROP', 'DROP', 'PASS'],
        ['node-a:10250', 'OPEN', 'OPEN', 'PASS'],
        ['node-b:30080', 'OPEN', 'OPEN', 'PASS'],
        ['node-b:10250', 'OPEN', 'OPEN', 'PASS'],
      ],
    );
    const { connections, syns, windowMs, controls } = (found[0] as Verdict).evidence;
    assert.equal(connections, 3);
    assert.ok(syns >= 9 && syns <= 19, `${syns}`);
    assert.ok(windowMs >= 3000 && windowMs < 4000, `${windowMs}`);
    assert.deepEqual(
      controls.map(({ control, live }) => [control, live]),
      [
        ['node-b:30080', true],
        ['node-a:10250', true],
      ],
    );
    for (const { seen } of controls) assert.match(seen, /^before OPEN, during OPEN x[34], after OPEN$/);
    assert.match(found[2]?.sentence ?? '', /node-a frontend-1/);
    assert.deepEqual(
      asked.slice(-2),
      [1, 2].map(() => ({ namespace: 'default', labelSelector: 'kubernetes.io/service-name=frontend-nodeport' })),
    );
  });

  test('evidence names the vantage, the pods and who answered; heartbeats report how far the proof is', async () => {
    const { tools, context, beats } = setting(toSshd());
    const evidence = await probe(pairOf(ports.drop, 'DROP'), tools, context);
    assert.deepEqual([evidence.phase, evidence.vantage], ['shut', 'vm']);
    assert.deepEqual(evidence.backends['default/frontend-nodeport']?.after.pods, [
      { ip: '10.244.0.2', name: 'frontend-1', node: 'node-a' },
    ]);
    assert.deepEqual(evidence.answers, { 'node-b:30080': { 'node-a frontend-1': 16 } });
    assert.equal(evidence.witnesses, undefined);
    const last = beats.at(-1) as LiveProof;
    assert.deepEqual(
      [last.phase, last.stage, last.targets['node-b:30080']],
      ['shut', 'proof', { seen: ['OPEN'], syns: 0, synsWanted: 0 }],
    );
    assert.deepEqual(last.targets['node-a:30081']?.seen, ['DROP']);
    assert.ok((last.targets['node-a:30081']?.syns ?? 0) >= (last.targets['node-a:30081']?.synsWanted ?? 99));
  });

  test('each service behind a target is looked at once before and once after', async () => {
    const targets = [
      nodePort('node-a', ports.open),
      nodePort('node-b', ports.open),
      nodePort('node-c', ports.open, 'shop/cart'),
      openPort('node-b'),
    ];
    const { tools, context } = setting(toSshd());
    asked.length = 0;
    const { backends } = await probe(inputOf(targets, {}), tools, context);
    const web = { namespace: 'default', labelSelector: 'kubernetes.io/service-name=frontend-nodeport' };
    const shop = { namespace: 'shop', labelSelector: 'kubernetes.io/service-name=cart' };
    assert.deepEqual(asked, [web, shop, web, shop]);
    assert.deepEqual(Object.keys(backends), ['default/frontend-nodeport', 'shop/cart']);
    for (const { before: first, after: last } of Object.values(backends)) {
      assert.deepEqual([first.readyEndpoints, last.readyEndpoints], [1, 1]);
      assert.ok(Date.parse(last.readAt) > Date.parse(first.readAt));
    }
  });

  test('three nodes, two of them silent, are judged in one proof', async () => {
    const targets = [
      ...['node-a', 'node-c'].flatMap((node) => [nodePort(node, ports.drop), openPort(node)]),
      nodePort('node-b', ports.open),
      openPort('node-b'),
    ];
    const found = await judged(inputOf(targets, { 'node-a:30081': 'DROP', 'node-c:30081': 'DROP' }));
    assert.deepEqual(
      found.map(({ target, observed, verdict }) => [target.id, observed, verdict]),
      [
        ['node-a:30081', 'DROP', 'PASS'],
        ['node-a:10250', 'OPEN', 'PASS'],
        ['node-c:30081', 'DROP', 'PASS'],
        ['node-c:10250', 'OPEN', 'PASS'],
        ['node-b:30080', 'OPEN', 'PASS'],
        ['node-b:10250', 'OPEN', 'PASS'],
      ],
    );
  });

  describe('with witnesses', () => {
    const open = (more: Partial<ProbeInput['witnesses']> = {}): ProbeInput =>
      pairOf(ports.open, 'OPEN', {
        witnesses: { kind: 'tower', ask: { height: 9 }, policies: ['deny-web', 'deny-shop'], ...more },
      });
    const said: Witness = {
      by: 'tower',
      title: 'The tower',
      of: 'way',
      about: null,
      says: 'allows',
      because: 'it sees',
    };
    const brief = (witnesses: readonly Witness[] = []) => witnesses.map(({ by, about, says }) => [by, about, says]);

    test('those of the kind are asked from before the window to its end, and the nodes for every policy', async () => {
      const events: unknown[] = [];
      const ask: AskWitnesses = (...[what, targets]) => {
        events.push(what, targets.length);
        const finish = async (): Promise<readonly Witness[]> => {
          events.push('finish');
          return [said];
        };
        return { finish, giveUp: () => events.push('give up') };
      };
      const { tools, context } = setting({
        run: async (...call) => {
          events.push('prober begins');
          const result = await toSshd().run(...call);
          events.push('prober ends');
          return result;
        },
      });
      const { witnesses } = await createProbe((kind) => (kind === 'tower' ? ask : undefined))(open(), tools, context);
      assert.deepEqual(events, [{ height: 9 }, 4, 'prober begins', 'prober ends', 'finish', 'give up']);
      assert.deepEqual(witnesses?.[0], said);
      assert.deepEqual(brief(witnesses?.slice(1)), [
        ['deniedPackets', 'node-a', 'missing'],
        ['deniedPackets', 'node-b', 'missing'],
      ]);
      assert.match(witnesses?.[1]?.because ?? '', /^10\.99\.0\.2:9081: Connection refused$/);
    });

    test('those of a kind that is not known are missing', async () => {
      const { tools, context } = setting(toSshd());
      const { witnesses } = await createProbe(() => undefined)(open({ policies: [] }), tools, context);
      assert.deepEqual(brief(witnesses), [
        ['way', null, 'missing'],
        ['deniedPackets', 'node-a', 'missing'],
        ['deniedPackets', 'node-b', 'missing'],
      ]);
      assert.deepEqual(
        witnesses?.map(({ because }) => because),
        ['this worker knows none for a vantage of kind tower', 'it was not asked', 'it was not asked'],
      );
    });

    test('those of a probe that fails are given up', async () => {
      let given = 0;
      const hearing = { finish: async () => [], giveUp: () => (given += 1) };
      const { tools, context } = setting({
        run: async () => {
          throw new SshError('unreachable', 'nobody there');
        },
      });
      await assert.rejects(createProbe(() => () => hearing)(open(), tools, context), /nobody there/);
      assert.equal(given, 1);
    });
  });

  test('a reject where silence is expected is judged FAIL', async () => {
    const [first] = await judged(pairOf(ports.prohibited, 'DROP'));
    assert.deepEqual([first?.observed, first?.verdict], ['ICMP_REJECT', 'FAIL']);
  });

  test('a control that dies turns silence into INCONCLUSIVE (W4)', async () => {
    await street.drop(ports.mute);
    const [first] = await judged(pairOf(ports.drop, 'DROP'));
    assert.deepEqual([first?.observed, first?.verdict], ['DROP', 'INCONCLUSIVE']);
    const dead = first?.evidence.controls.find(({ control }) => control === 'node-a:10250');
    assert.equal(dead?.live, false);
    assert.match(dead?.seen ?? '', /^before DROP, during DROP x\d, after DROP$/);
    assert.match(first?.sentence ?? '', /node-a:10250/);
  });

  test('a session that breaks in the middle is a fault without evidence (W10)', async () => {
    const { tools, context } = setting({
      run: (target, command, options) => toSshd().run(target, command, { ...options, onLine: () => sshd.cut() }),
    });
    await assert.rejects(
      probe(pairOf(ports.drop, 'DROP'), tools, context),
      (error) => error instanceof SshError && classifySshError(error).code === 'ProberFailed',
    );
  });

  test('a prober that cannot start is a fault without evidence (W10)', async () => {
    const { tools, context } = setting({
      run: (target, command, options) => toSshd().run(target, command.replace('python3', 'no-such-python'), options),
    });
    await assert.rejects(
      probe(pairOf(ports.open, 'OPEN'), tools, context),
      failsWith('ProberFailed', /exit code 127: .*no-such-python/),
    );
  });

  test('a prober that is killed in the middle is a fault without evidence (W10)', async () => {
    const { tools, context } = setting({
      run: (target, command, options) => toSshd().run(target, `timeout -s KILL 1 ${command}`, options),
    });
    await assert.rejects(
      probe(pairOf(ports.drop, 'DROP'), tools, context),
      failsWith('ProberFailed', /exit code 137|signal SIGKILL/),
    );
  });

  test('a prober whose output is cut off is a fault without evidence (W10)', async () => {
    const { tools, context } = setting({
      run: (target, command, options) => toSshd().run(target, `${command} | head -n 4`, options),
    });
    await assert.rejects(
      probe(pairOf(ports.open, 'OPEN'), tools, context),
      failsWith('ProberFailed', /did not reach its end/),
    );
  });

  test('a cancelled probe stops at once', async () => {
    const controller = new AbortController();
    const { tools, context } = setting(toSshd(), controller.signal);
    const cancelling = { ...context, heartbeat: () => controller.abort(new Error('cancelled')) };
    await assert.rejects(probe(pairOf(ports.drop, 'DROP'), tools, cancelling), /cancelled/);
  });
});
