import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { Connection, Target } from '../../../src/contract/evidence.ts';
import { createProbePlan, type ProbePlan } from '../../../src/vantage/prober/probe/plan.ts';
import type { ProbeLine, ProbeOutput } from '../../../src/vantage/prober/probe/read.ts';
import { runProber } from './prober-session.ts';
import { openStreet, ports, type Street, targetAt } from './street.ts';

const settings = { connections: 3, timeoutMs: 3000, convergenceMs: 0, controlPort: ports.mute, soakMs: 0 };

describe('the prober, on real sockets of the kernel', { timeout: 60_000 }, () => {
  let street: Street;
  before(async () => {
    street = await openStreet();
  });
  afterEach(async () => {
    await street.reset();
    await street.limitIcmp(0);
  });
  after(() => street.close());

  const at = (port: number, address = street.host): Target => targetAt(address, port);

  const probe = (plan: ProbePlan, onLine?: (line: ProbeLine) => unknown): Promise<ProbeOutput> =>
    runProber(street.prober, plan, onLine);

  const proofOf = (output: ProbeOutput, target: Target): Connection[] =>
    output.connections.filter((one) => one.target === target.id && one.stage === 'proof');

  test('each behaviour of a port has its own outcome, errno, ICMP message and number of SYNs', async () => {
    const rows = [
      { target: at(ports.open), outcome: 'OPEN', syns: 1, response: 'node-a frontend-1' },
      { target: at(ports.mute), outcome: 'OPEN', syns: 1 },
      { target: at(ports.drop), outcome: 'DROP', syns: 3 },
      { target: at(ports.reset), outcome: 'RST', errno: 'ECONNREFUSED', syns: 1 },
      { target: at(ports.closed), outcome: 'RST', errno: 'ECONNREFUSED', syns: 1 },
      {
        target: at(ports.portUnreachable),
        outcome: 'ICMP_REJECT',
        errno: 'ECONNREFUSED',
        icmp: { type: 3, code: 3 },
        syns: 1,
      },
      {
        target: at(ports.prohibited),
        outcome: 'ICMP_REJECT',
        errno: 'EHOSTUNREACH',
        icmp: { type: 3, code: 13 },
        syns: 1,
      },
      { target: at(1, street.nobody), outcome: 'PROBE_FAULT', syns: 0 },
      { target: at(1, street.far), outcome: 'PROBE_FAULT', errno: 'ENETUNREACH', syns: 0 },
    ];
    const expected = Object.fromEntries(rows.map(({ target }) => [target.id, 'DROP' as const]));
    const output = await probe(createProbePlan({ targets: rows.map(({ target }) => target), expected, settings }));
    for (const { target, ...row } of rows) {
      const proof = proofOf(output, target);
      assert.equal(proof.length, 3);
      for (const { outcome, errno, icmp, syns, response, fault } of proof) {
        const seen = {
          outcome,
          syns,
          ...(icmp && { icmp }),
          ...(errno && target.address !== street.nobody && { errno }),
          ...(response && { response }),
        };
        // A silent port may get a fourth SYN at 3.0 s, before the prober looks.
        assert.deepEqual(
          { ...seen, syns: row.outcome === 'DROP' ? Math.min(syns, 3) : syns },
          row,
          `${target.id} ${fault}`,
        );
        assert.equal(fault !== undefined, outcome === 'PROBE_FAULT');
      }
    }
    const [drop] = proofOf(output, at(ports.drop));
    assert.ok(drop !== undefined && drop.elapsedMs >= 3000 && drop.elapsedMs < 3500, `${drop?.elapsedMs}`);
    const sourcePorts = proofOf(output, at(ports.drop)).map(({ sourcePort }) => sourcePort);
    assert.equal(new Set(sourcePorts).size, 3, 'independent connections have source ports of their own');
  });

  test('a neighbour that ARP never finds is a fault, not silence, when the kernel says so late', async () => {
    const target = at(1, street.nobody);
    const output = await probe(
      createProbePlan({
        targets: [target],
        expected: { [target.id]: 'DROP' },
        settings: { ...settings, timeoutMs: 5000 },
      }),
    );
    assert.deepEqual(
      proofOf(output, target).map(({ outcome, errno }) => [outcome, errno]),
      [1, 2, 3].map(() => ['PROBE_FAULT', 'EHOSTUNREACH']),
    );
  });

  test('a connection whose first SYN gets lost is open all the same, with 2 SYNs', async () => {
    const target = at(ports.slow);
    const output = await probe(createProbePlan({ targets: [target], expected: { [target.id]: 'OPEN' }, settings }));
    for (const { stage, outcome, syns, elapsedMs, response } of output.connections) {
      assert.deepEqual([outcome, syns, response], ['OPEN', 2, stage === 'proof' ? 'slow' : undefined]);
      assert.ok(elapsedMs >= 900 && elapsedMs < 2000, `${elapsedMs}`);
    }
    assert.equal(output.convergence.reached, false, 'a short dial is too short for a second SYN');
  });

  test('a reject of a host that limits its ICMP is not taken for silence: some connections still show it', async () => {
    await street.limitIcmp(1000);
    const target = at(ports.prohibited);
    const output = await probe(
      createProbePlan({
        targets: [target],
        expected: { [target.id]: 'DROP' },
        settings: { ...settings, convergenceMs: 20_000 },
      }),
    );
    assert.equal(output.convergence.reached, true, 'the rounds use up the burst, then look silent');
    assert.ok(proofOf(output, target).some(({ outcome }) => outcome === 'ICMP_REJECT'));
  });

  test('controls are dialled before the proof window, once a second during it, and after it', async () => {
    const [silent, control, open] = [at(ports.drop), at(ports.open), at(ports.mute)];
    const expected = { [silent.id]: 'DROP', [control.id]: 'OPEN', [open.id]: 'OPEN' } as const;
    const output = await probe(
      createProbePlan({ targets: [silent, control, open], expected, settings: { ...settings, convergenceMs: 2000 } }),
    );
    assert.deepEqual([output.convergence.reached, output.convergence.rounds], [true, 1]);
    const times = (stage: Connection['stage'], target: Target): number[] =>
      output.connections
        .filter((one) => one.stage === stage && one.target === target.id)
        .map(({ startedAt }) => Date.parse(startedAt));
    for (const target of [control, open]) {
      const [first, last] = [Math.min(...times('proof', silent)), Math.max(...times('proof', silent)) + 3000];
      assert.equal(times('before', target).length, 1);
      assert.ok(times('during', target).length >= 3);
      assert.equal(times('after', target).length, 1);
      assert.ok(
        times('before', target).every((time) => time <= first) &&
          times('after', target).every((time) => time >= last - 1),
      );
    }
    assert.deepEqual([times('before', silent), times('during', silent), times('after', silent)], [[], [], []]);
  });

  test('a window in which everything is expected open ends as soon as it is', async () => {
    const [node, open] = [at(ports.open), at(ports.mute)];
    const begin = performance.now();
    const output = await probe(
      createProbePlan({
        targets: [node, open],
        expected: { [node.id]: 'OPEN', [open.id]: 'OPEN' },
        settings: { ...settings, convergenceMs: 30_000 },
      }),
    );
    assert.ok(performance.now() - begin < 2000);
    assert.ok(output.connections.every(({ outcome }) => outcome === 'OPEN'));
  });

  test('convergence waits for a change that takes effect late, and the proof begins only then', async () => {
    const target = at(ports.open);
    const plan = createProbePlan({
      targets: [target],
      expected: { [target.id]: 'DROP' },
      settings: { ...settings, convergenceMs: 20_000 },
    });
    let rounds = 0;
    const changed: Promise<unknown>[] = [];
    const output = await probe(plan, (line) => {
      rounds += line.type === 'round' ? 1 : 0;
      if (rounds === 5 && changed.length === 0) changed.push(street.drop(ports.open));
    });
    await Promise.all(changed);
    assert.ok(
      output.convergence.reached && output.convergence.rounds > 5 && output.convergence.elapsedMs > 400,
      JSON.stringify(output.convergence),
    );
    assert.deepEqual(new Set(proofOf(output, target).map(({ outcome }) => outcome)), new Set(['DROP']));
  });

  test('a change that never comes is waited for as long as asked, then the port is proved as it is', async () => {
    const target = at(ports.open);
    const output = await probe(
      createProbePlan({
        targets: [target],
        expected: { [target.id]: 'DROP' },
        settings: { ...settings, convergenceMs: 500 },
      }),
    );
    assert.equal(output.convergence.reached, false);
    assert.ok(output.convergence.elapsedMs >= 500);
    assert.deepEqual(new Set(proofOf(output, target).map(({ outcome }) => outcome)), new Set(['OPEN']));
  });
});
