import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanUpDeadLabs, closeScope, labsDirectory, openScope } from '../../../lab/leftovers.ts';
import { createFabric } from '../../../lab/network/fabric.ts';
import { createNamespace, listNamespaces, listProcesses } from '../../../lab/network/namespaces.ts';
import { startChild } from '../../../lab/process/child.ts';
import { run, runIn } from '../../../lab/process/run.ts';
import { nameNetns } from '../../../lab/scope.ts';
import { azure, dial, labFor, machineOf, publicAddress, running, serve, until, vm } from './support.ts';

/** What the host's own namespace holds. */
async function hostNetwork(): Promise<string> {
  const looks = [
    ['ip', '-br', 'address'],
    ['ip', '-br', 'link'],
    ['ip', 'route', 'show', 'table', 'all'],
    ['ip', 'rule'],
    ['nft', '-s', 'list', 'ruleset'],
    ['sysctl', 'net.ipv4.ip_forward', 'net.ipv4.conf.all.rp_filter'],
  ];
  const seen = await Promise.all(looks.map(([program = '', ...args]) => run([program, ...args])));
  return seen.join('\n');
}

test("the host's own network is the same before, during and after a lab, without as much as an event", async (t) => {
  const scope = await openScope({ pace: 'fast', calico: 'oss' });
  t.after(() => closeScope(scope));
  const before = await hostNetwork();
  const events: string[] = [];
  const monitor = spawn('ip', ['monitor', 'link', 'address', 'route', 'rule'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => monitor.kill());
  createInterface(monitor.stdout).on('line', (line) => events.push(line));

  const fabric = await createFabric(scope, { bootDelayMs: 0 });
  t.after(() => fabric.stop());
  const [first] = fabric.nodes;
  assert.ok(first);
  await fabric.attachPod(first, 'frontend', '10.244.0.10');
  await fabric.boot(vm);
  await fabric.apply(azure());
  assert.equal(await hostNetwork(), before);
  await fabric.destroy(vm.id);
  await fabric.stop();
  assert.equal(await hostNetwork(), before);
  assert.deepEqual(events, []);
});

test('destroy leaves no process, namespace, link or file of the machine, and the same machine can boot again', async (t) => {
  const { scope, fabric } = await labFor(t);
  const before = await listNamespaces(scope.id);
  const links = () =>
    Promise.all(
      [nameNetns(scope, 'edge'), nameNetns(scope, 'vnet-cluster')].map((each) => runIn(each, ['ip', '-br', 'link'])),
    );
  const linksBefore = (await links()).map((text) => text.split('\n').length);
  for (const round of [1, 2]) {
    await fabric.apply(azure());
    await fabric.boot(vm);
    const machine = machineOf(scope);
    await until(`sshd answers in round ${round}`, async () =>
      (await dial(nameNetns(scope, 'internet'), publicAddress, 22)).startsWith('SSH-2.0'),
    );
    const pids = await listProcesses([machine]);
    assert.ok(pids.length >= 2);
    await fabric.destroy(vm.id);
    assert.deepEqual(await running(pids), []);
    assert.deepEqual(await listNamespaces(scope.id), before);
    assert.deepEqual(
      (await links()).map((text) => text.split('\n').length),
      linksBefore,
    );
    assert.ok(!existsSync(`${scope.directory}/machines/${machine}`));
  }
  await fabric.destroy('never-there');
});

test('stop leaves no namespace or process, also when the start fails halfway', async (t) => {
  const { scope, fabric } = await labFor(t);
  await fabric.boot(vm);
  const names = await listNamespaces(scope.id);
  const pids = await listProcesses(names);
  await fabric.stop();
  assert.deepEqual(await listNamespaces(scope.id), []);
  assert.deepEqual(await running(pids), []);

  await createNamespace(nameNetns(scope, 'node-1')); // in the way
  await assert.rejects(createFabric(scope), /node-1/);
  assert.deepEqual(await listNamespaces(scope.id), []);
});

test('two labs side by side have the same addresses and nothing to do with each other', async (t) => {
  const labs = await Promise.all([labFor(t), labFor(t)]);
  const answers = labs.map(async ({ scope, fabric }, at) => {
    const [first] = fabric.nodes;
    assert.ok(first);
    await Promise.all([fabric.boot(vm), fabric.apply(azure())]);
    await serve(t, scope, first.netns, 30080, `lab ${at}`);
    return dial(machineOf(scope), '10.240.0.4', 30080);
  });
  assert.deepEqual(await Promise.all(answers), ['lab 0 192.168.1.4', 'lab 1 192.168.1.4']);
  const [one, two] = labs;
  await one.fabric.stop();
  const [first] = two.fabric.nodes;
  assert.ok(first);
  assert.equal(await dial(machineOf(two.scope), '10.240.0.4', 30080), 'lab 1 192.168.1.4');
});

test("a killed lab's machines and relays die with it, and the next start removes the rest and leaves living labs alone", async (t) => {
  const living = await openScope({ pace: 'fast', calico: 'oss' });
  t.after(() => closeScope(living));
  const program = fileURLToPath(new URL('./lab-to-kill.ts', import.meta.url));
  const killed = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => killed.kill('SIGKILL'));
  const id = await new Promise<string>((resolve, reject) => {
    createInterface(killed.stdout).once('line', resolve);
    killed.once('exit', () => reject(new Error('The lab ended by itself.')));
  });
  t.after(() => closeScope({ ...living, id }));
  const names = await listNamespaces(id);
  const pids = await listProcesses(names);
  assert.ok(names.length >= 8 && pids.length >= 6, `${names.length} namespaces, ${pids.length} processes`);

  killed.kill('SIGKILL');
  await until('everything inside is dead', async () => (await running(pids)).length === 0);
  assert.ok(existsSync(`${labsDirectory}/${id}`) || (await listNamespaces(id)).length === 0); // another test's start may have been here
  await cleanUpDeadLabs();
  assert.deepEqual(await listNamespaces(id), []);
  assert.ok(!existsSync(`${labsDirectory}/${id}`));
  assert.ok(existsSync(`${labsDirectory}/${living.id}/lab.json`));
});

test('a process that a dead lab has left in its namespace is ended by the next start', async () => {
  const id = `t${process.pid.toString(36)}`;
  await mkdir(`${labsDirectory}/${id}`, { recursive: true });
  const name = `hepflow-${id}-node-0`;
  await createNamespace(name);
  const left = await startChild({
    name: 'left',
    command: ['sleep', '600'],
    netns: name,
    logFile: `${labsDirectory}/${id}/logs/left.log`,
  });
  await until('it is inside', async () => (await listProcesses([name])).length === 1);
  await writeFile(`${labsDirectory}/${id}/lab.json`, JSON.stringify({ id, pid: process.pid, startTime: '1' })); // our pid, but of an earlier process
  await cleanUpDeadLabs();
  assert.equal((await left.ended).signal, 'SIGKILL');
  assert.deepEqual(await listNamespaces(id), []);
  assert.ok(!existsSync(`${labsDirectory}/${id}`));
});
