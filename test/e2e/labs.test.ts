import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { labsDirectory } from '../../lab/leftovers.ts';
import { cluster } from '../../lab/scope.ts';
import type { Evidence } from '../../src/contract/evidence.ts';
import type { Witness } from '../../src/contract/vantage.ts';
import { type Ended, root, run, startWorld, type World } from './world.ts';
import { awaitEnds, findDescendants, findTraces, listenToHost, readHostNetwork } from './world-host.ts';
import { awaitEnd, expectAllProved, listVerdicts, startRun } from './world-runs.ts';

test("two labs side by side complete a run each, and the host's own network is the same before, during and after", {
  timeout: 400_000,
}, async (t) => {
  const before = await readHostNetwork();
  const host = await listenToHost();
  const worlds = await startWorlds(t);
  const watch = watchHost(before);
  const stateBefore = await Promise.all(worlds.map((world) => world.state()));
  const ends = await Promise.all(worlds.map(oneRun));
  assert.deepEqual(await Promise.all(worlds.map((world) => world.state())), stateBefore);
  const looks = await watch.stop();
  await Promise.all(worlds.map((world) => world.stop()));

  await t.test('both runs prove everything, on the same addresses', () => {
    for (const { report, failed } of ends) {
      assert.deepEqual(
        [failed, report.outcome, listVerdicts(report)],
        [undefined, 'PASS', expectAllProved({ secondNode: true })],
      );
      assert.deepEqual(
        report.cluster?.nodes.map(({ internalIp }) => internalIp),
        ['10.240.0.4', '10.240.0.35'],
      );
    }
    assert.equal(new Set(ends.map(({ report }) => report.runId)).size, 2);
  });
  await t.test(
    'Azure speaks for every window; the nodes for every deny where their Calico counts by policy, and where it does not the report says so',
    () => {
      const [oss, cloud] = ends;
      for (const { report } of ends) for (const evidence of report.evidence) azureConfirms(evidence);
      for (const phase of ['enforced', 'second'] as const) {
        const nodes = cluster.nodeNames.slice(0, 2);
        for (const name of nodes)
          assert.match(
            JSON.stringify(findCounter(oss, phase, name)),
            /"says":"missing","because":"10\.240\.0\.\d+:9081: Connection refused"/,
          );
        const silent = phase === 'enforced' ? nodes.slice(0, 1) : nodes;
        for (const name of silent) {
          const counted = findCounter(cloud, phase, name);
          assert.ok(counted.says === 'blocks' && (counted.packets ?? 0) >= 9, JSON.stringify(counted));
        }
      }
    },
  );
  await t.test('beside a deny the open port says who answers: both pods that the API server names', () => {
    for (const { report } of ends) {
      const seen = new Set<string>();
      for (const { phase, answers = {}, backends } of report.evidence) {
        assert.equal(Object.keys(answers).length, phase === 'enforced' ? 1 : 0);
        for (const counts of Object.values(answers)) {
          for (const line of Object.keys(counts)) seen.add(line);
          const known =
            backends['default/frontend-nodeport']?.after.pods?.map(
              ({ name, node }) => `frontend pod=${name} node=${node}`,
            ) ?? [];
          assert.ok(
            Object.keys(counts).every((line) => known.includes(line)),
            JSON.stringify([counts, known]),
          );
        }
      }
      assert.equal(seen.size, 2);
    }
  });
  await t.test("nothing of the host's network differs at any look, and the kernel tells of no change", async () => {
    assert.ok(looks.count >= 5, `only ${looks.count} looks`);
    assert.deepEqual(looks.changed, []);
    assert.equal(await readHostNetwork(), before);
    assert.deepEqual(await host.stop(), []);
  });
  await t.test('both labs leave no trace', async () => {
    for (const { lab } of worlds) assert.deepEqual(await findTraces(lab.scope.id), []);
  });
});

type End = Awaited<ReturnType<typeof oneRun>>;

/** The way is the same to every port, so each source speaks of all of them at once. */
function azureConfirms({ phase, witnesses = [] }: Evidence): void {
  const of = (by: string): Witness[] => witnesses.filter((witness) => witness.by === by);
  for (const by of ['securityRules', 'routes']) {
    assert.deepEqual(
      of(by).map(({ about, says }) => [about, says]),
      [[null, 'allows']],
      phase,
    );
  }
  assert.ok(of('securityRules').every(({ because }) => because.includes('defaultSecurityRules/AllowVnetOutBound')));
  assert.ok(of('routes').every(({ because }) => /10\.240\.0\.0\/16.*VNetPeering|VNetPeering/.test(because)));
  assert.deepEqual(
    of('peerings').map(({ says }) => says),
    ['allows', 'allows'],
  );
}

function findCounter(end: End | undefined, phase: string, node: string): Witness {
  const { witnesses = [] } = end?.report.evidence.find((one) => one.phase === phase) ?? {};
  const found = witnesses.find(({ by, about }) => by === 'deniedPackets' && about === node);
  assert.ok(found, `nothing of ${node} in ${phase}`);
  return found;
}

async function startWorlds(t: TestContext): Promise<World[]> {
  const starts = await Promise.allSettled([startWorld(), startWorld({ calico: 'cloud' })]);
  const worlds = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  t.after(() => Promise.all(worlds.map((world) => world.stop())));
  for (const start of starts) if (start.status === 'rejected') throw start.reason;
  return worlds;
}

async function oneRun(world: World): ReturnType<typeof awaitEnd> {
  await world.startWorker();
  return awaitEnd(await startRun(world, { secondNode: { when: 'always' } }));
}

/** Looks at the host's network again and again until it is stopped. */
function watchHost(expected: string): { stop(): Promise<{ count: number; changed: string[] }> } {
  const changed: string[] = [];
  let [count, over] = [0, false];
  const watching = (async () => {
    while (!over) {
      const now = await readHostNetwork();
      if (now !== expected) changed.push(now);
      count += 1;
      await sleep(500);
    }
  })();
  return {
    stop: async () => {
      over = true;
      await watching;
      return { count, changed };
    },
  };
}

const lab = (...args: string[]): Promise<Ended> => run([process.execPath, join(root, 'lab/main.ts'), ...args]);

interface Up {
  readonly id: string;
  readonly pid: number;
  readonly environment: Readonly<Record<string, string>>;
  /** What `lab up` printed. */
  readonly stdout: string;
}

async function labUp(t: TestContext): Promise<Up> {
  const { code, stdout, stderr } = await lab('up');
  assert.equal(code, 0, stderr);
  const environment = Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const id = environment['HEPFLOW_LAB'] ?? '';
  const { pid } = JSON.parse(await readFile(join(labsDirectory, id, 'lab.json'), 'utf8')) as { pid: number };
  t.after(() => lab('down', id));
  return { id, pid, environment, stdout };
}

test('lab up, status, env and down do what they say; a killed lab is cleaned up by the next start; no trace is left', {
  timeout: 400_000,
}, async (t) => {
  const killed = await labUp(t);
  await t.test('up prints nothing but the environment, and env prints the same', async () => {
    for (const line of killed.stdout.trim().split('\n')) assert.match(line, /^[A-Z][A-Z_]*=.*$/);
    assert.equal((await lab('env', killed.id)).stdout, killed.stdout);
    assert.match(await readFile(join(labsDirectory, killed.id, 'logs/lab.log'), 'utf8'), /Calico stand-in ready/);
  });
  await t.test('status lists it', async () =>
    assert.ok((await lab('status')).stdout.split('\n').includes(`${killed.id}\tpid ${killed.pid}`)),
  );
  await t.test('its environment leads to its cluster', async () => {
    const { KUBECONFIG, HEPFLOW_LAB_TOOLS = '' } = killed.environment;
    const nodes = await run([join(HEPFLOW_LAB_TOOLS, 'kubectl'), 'get', 'nodes', '--output', 'name'], {
      ...process.env,
      KUBECONFIG,
    });
    assert.equal(nodes.stdout, cluster.nodeNames.map((name) => `node/${name}\n`).join(''), nodes.stderr);
  });

  const killedProcesses = await findDescendants(killed.pid);
  assert.ok(killedProcesses.length >= 10, `${killedProcesses.length} processes`);
  assert.ok((await findTraces(killed.id)).length >= 10);
  process.kill(killed.pid, 'SIGKILL');
  await t.test('all processes of a killed lab die with it', () => awaitEnds(killedProcesses));

  const next = await labUp(t);
  await t.test('the next start removes the namespaces and the folder of the killed one', async () => {
    assert.deepEqual(await findTraces(killed.id), []);
    assert.ok(!(await lab('status')).stdout.includes(killed.id));
    const gone = await lab('env', killed.id);
    assert.deepEqual([gone.code, gone.stdout, gone.stderr], [3, '', `No lab ${killed.id} is running.\n`]);
  });
  await t.test('down takes the lab down and leaves no namespace, mount, folder or process', async () => {
    const itsProcesses = await findDescendants(next.pid);
    const { code, stderr } = await lab('down', next.id);
    assert.deepEqual([code, stderr], [0, `lab ${next.id} is down\n`]);
    assert.deepEqual(await findTraces(next.id), []);
    await awaitEnds(itsProcesses, 2000);
    assert.equal((await lab('down', next.id)).code, 3);
  });
});
