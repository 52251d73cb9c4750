import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../../../src/contract/evidence.ts';
import { type Dial, readTrack } from '../../../src/evidence/track.ts';
import type { Observed } from '../../../src/vantage/prober/observe/read.ts';
import { ObserverSessions } from './observer-session.ts';
import { openStreet, ports, type Street, targetAt } from './street.ts';

/** Drops new connections and lets established ones live, as a preDNAT deny does. */
const denyNew = (port: number): string => `tcp dport ${port} tcp flags & (syn | ack) == syn drop`;

const dialsTo = (observed: Observed, { id }: Target): readonly Dial[] =>
  readTrack(observed.tracks[id] ?? '', observed.slots);

/** `odo`: open, then silent, then open; slots that were missed are left out. */
const shapeOf = (observed: Observed, target: Target): string =>
  dialsTo(observed, target)
    .filter((dial) => dial !== '-')
    .filter((dial, index, all) => dial !== all[index - 1])
    .join('');

const slotStartMs = ({ startedAt, cadenceMs }: Observed, slot: number): number =>
  Date.parse(startedAt) + slot * cadenceMs;

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(10);
}

describe('the observer, on real sockets of the kernel', { timeout: 120_000 }, () => {
  let street: Street;
  let sessions: ObserverSessions;
  let node: Target;
  let control: Target;
  before(async () => {
    street = await openStreet();
    node = at(ports.open);
    control = at(ports.mute);
  });
  beforeEach(() => {
    sessions = new ObserverSessions(street.prober, [node, control]);
  });
  afterEach(async () => {
    sessions.close();
    await street.reset();
  });
  after(() => street.close());

  const at = (port: number, address = street.host): Target => targetAt(address, port);
  const watching = (...targets: Target[]): ObserverSessions => {
    sessions.close();
    sessions = new ObserverSessions(street.prober, targets);
    return sessions;
  };
  /** Waits until so many more slots have begun: what happens next is seen from before. */
  const slots = (count: number): Promise<unknown> => sleep(count * 25);

  test('a deny that begins while it watches shows as one edge, between the dials before and after it', async () => {
    const { fresh, open } = await sessions.start();
    assert.deepEqual([fresh, open], [true, [node.id, control.id].toSorted()]);
    await slots(20);
    const from = Date.now();
    await street.rule(denyNew(ports.open));
    const to = Date.now();
    await slots(20);
    const observed = await sessions.observed();
    assert.equal(shapeOf(observed, node), 'od');
    assert.equal(shapeOf(observed, control), 'o');
    for (const [slot, dial] of dialsTo(observed, node).entries()) {
      const startMs = slotStartMs(observed, slot);
      if (startMs + observed.latenessMs < from - 1)
        assert.ok('o-'.includes(dial), `slot ${slot} before the deny is ${dial}`);
      if (startMs > to + 1) assert.ok('d-'.includes(dial), `slot ${slot} after the deny is ${dial}`);
    }
    assert.deepEqual([observed.cadenceMs, observed.dialTimeoutMs, observed.ended], [25, 200, 'read']);
  });

  test('a rule that flaps shows every time', async () => {
    await sessions.start();
    for (const _ of [1, 2]) {
      await slots(10);
      await street.rule(denyNew(ports.open));
      await slots(10);
      await street.reset();
    }
    await slots(10);
    assert.equal(shapeOf(await sessions.observed(), node), 'ododo');
  });

  test('each behaviour of a port has its own letter', async () => {
    const rows: readonly [Target, Dial][] = [
      [at(ports.open), 'o'],
      [at(ports.mute), 'o'],
      [at(ports.drop), 'd'],
      [at(ports.closed), 'r'],
      [at(ports.prohibited), 'i'],
      [at(ports.portUnreachable), 'i'],
      [at(1, street.nobody), 'f'],
      [at(1, street.far), 'f'],
    ];
    watching(...rows.map(([target]) => target));
    assert.deepEqual((await sessions.start({ openWithinMs: 300 })).open, [node.id, control.id].toSorted());
    await slots(10);
    const observed = await sessions.observed();
    for (const [target, letter] of rows) assert.equal(shapeOf(observed, target), letter, target.id);
  });

  test('a target that is silent from the start does not keep the change waiting', async () => {
    watching(node, at(ports.drop));
    const { open } = await sessions.start({ openWithinMs: 60_000 });
    assert.deepEqual(open, [node.id]);
    const observed = await sessions.observed();
    assert.ok(observed.slots < 60_000 / 25);
    assert.deepEqual(
      observed.held.map(({ outcome }) => outcome),
      ['answered', 'unopened'],
    );
  });

  test('it outlives the session that started it, even one that is killed', async () => {
    await street.rule(denyNew(ports.open)); // the session waits until it sees the port open
    const child = sessions.spawn(sessions.plan({ openWithinMs: 60_000, settledDials: 10_000 }), '');
    await until(() => sessions.pid > 0);
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await once(child, 'close');
    const killedAt = Date.now();
    await street.reset();
    await until(() => sessions.file('ready') !== '');
    await slots(10);
    const observed = await sessions.observed();
    assert.ok(slotStartMs(observed, observed.slots) > killedAt);
    assert.equal(shapeOf(observed, node).at(-1), 'o');
  });

  test('a second start leaves the first observer as it is (W9)', async () => {
    assert.equal((await sessions.start()).fresh, true);
    const { pid } = sessions;
    const secondAt = Date.now();
    assert.equal((await sessions.start()).fresh, false);
    assert.equal(sessions.pid, pid);
    const observed = await sessions.observed();
    assert.ok(Date.parse(observed.startedAt) < secondAt);
  });

  test('two starts at once leave one observer', async () => {
    const fresh = (await Promise.all([sessions.start(), sessions.start(), sessions.start()])).map(
      (started) => started.fresh,
    );
    assert.deepEqual(fresh.toSorted(), [false, false, true]);
  });

  test('a start after its end begins anew, and what it saw before is gone', async () => {
    await sessions.start();
    const before = await sessions.observed();
    assert.equal((await sessions.start()).fresh, true);
    const after = await sessions.observed();
    assert.ok(Date.parse(after.startedAt) > slotStartMs(before, before.slots));
  });

  test('read back twice, it reports the same', async () => {
    await sessions.start();
    await slots(10);
    const first = await sessions.observed();
    assert.deepEqual(await sessions.observed(), first);
  });

  test('a session that is lost while reading it back does not keep it from ending; the next one reads it', async () => {
    await sessions.start();
    const child = sessions.spawn({ do: 'read', folder: '0a1b2c3d-enforced' }, 'stop 600\n');
    await once(child.stdout ?? child, 'data');
    await slots(4);
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    const observed = await sessions.observed(60_000); // the first stop that was asked for counts
    assert.equal(observed.ended, 'read');
  });

  test('asked to go on for a while, it does', async () => {
    await sessions.start();
    const askedAt = Date.now();
    const observed = await sessions.observed(700);
    assert.ok(slotStartMs(observed, observed.slots) >= askedAt + 700 - observed.cadenceMs, observed.startedAt);
  });

  test('it ends by itself at its bound, and what it saw can be read later', async () => {
    await sessions.start({ boundMs: 800 });
    await until(() => sessions.file('result') !== '');
    const observed = await sessions.observed();
    assert.equal(observed.ended, 'bound');
    assert.ok(observed.slots <= 32, `${observed.slots}`);
    assert.equal(observed.held[0]?.outcome, 'answered');
  });

  test('it remembers the last slots only, and says when the first of them was', async () => {
    await sessions.start({ keepMs: 250 });
    const startedAt = Date.now();
    await slots(40);
    const observed = await sessions.observed();
    assert.ok(observed.slots <= 20, `${observed.slots}`);
    assert.ok(Date.parse(observed.startedAt) > startedAt);
  });

  test('slots for which the machine was late are reported as not dialled', async () => {
    await sessions.start();
    process.kill(sessions.pid, 'SIGSTOP');
    await until(() => readFileSync(`/proc/${sessions.pid}/stat`, 'utf8').split(' ')[2] === 'T');
    await slots(12);
    process.kill(sessions.pid, 'SIGCONT');
    await slots(4);
    const observed = await sessions.observed();
    for (const target of [node, control]) {
      const missed = Math.max(
        ...[...(observed.tracks[target.id] ?? '').matchAll(/(\d+)-/g)].map(([, count]) => Number(count)),
      );
      assert.ok(missed >= 10, observed.tracks[target.id]);
      assert.equal(shapeOf(observed, target), 'o', 'a dial that was answered while nobody looked is open');
    }
    assert.ok(observed.latenessMs < observed.cadenceMs, `${observed.latenessMs}`);
  });

  test('one that was killed is missing, and so is one that was never started', async () => {
    assert.equal(await sessions.read(), 'none was started');
    await sessions.start();
    process.kill(sessions.pid, 'SIGKILL');
    assert.equal(await sessions.read(), 'it was killed');
  });

  test('what it keeps on the machine is for its own user only', async () => {
    await sessions.start();
    for (const folder of ['.hepflow', '.hepflow/0a1b2c3d-enforced'])
      assert.equal(statSync(join(sessions.home, folder)).mode & 0o777, 0o700);
  });

  describe('a held connection', () => {
    const heldAfter = async (target: Target, change: () => Promise<unknown>): Promise<Observed['held'][number]> => {
      watching(target, control);
      await sessions.start({ openWithinMs: 500 });
      await change();
      const { held } = await sessions.observed();
      assert.equal(held.length, 1);
      return held[0] as Observed['held'][number];
    };

    test('outlives a deny of new connections, and is answered', async () => {
      const { openedAt, checkedAt, outcome, response } = await heldAfter(node, async () => {
        await street.rule(denyNew(ports.open));
        await slots(50); // a line of the request goes out meanwhile
      });
      assert.deepEqual([outcome, response], ['answered', 'node-a frontend-1']);
      assert.ok(Date.parse(checkedAt) - Date.parse(openedAt) > 1000);
    });

    test('that gets nothing back is silent', async () => {
      const { outcome } = await heldAfter(node, () => street.drop(ports.open));
      assert.equal(outcome, 'silent');
    });

    test('that is reset is reported so', async () => {
      const { outcome } = await heldAfter(node, async () => {
        await street.rule(`tcp dport ${ports.open} reject with tcp reset`);
        await slots(50);
      });
      assert.equal(outcome, 'reset');
    });

    test('that the other side ends is closed', async () => {
      assert.equal((await heldAfter(at(ports.brief), () => slots(10))).outcome, 'closed');
    });

    test('that could not be opened is unopened', async () => {
      assert.equal((await heldAfter(at(ports.drop), async () => {})).outcome, 'unopened');
    });
  });
});
