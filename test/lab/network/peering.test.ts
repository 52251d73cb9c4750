import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../../../lab/process/child.ts';
import { runIn } from '../../../lab/process/run.ts';
import { azure, dial, interfaceOf, labFor, machineOf, patience, serve, until, vm } from './support.ts';

const node = '10.240.0.4';

test('packets pass between VM and node only while both sides of the peering are connected', async (t) => {
  const { scope, fabric } = await labFor(t);
  const [first] = fabric.nodes;
  assert.ok(first);
  await fabric.boot(vm);
  await serve(t, scope, first.netns, 7000);
  await serve(t, scope, machineOf(scope), 7001);
  const seen: string[] = [];
  for (const sides of [
    { near: false, far: false },
    { near: true, far: false },
    { near: false, far: true },
    { near: true, far: true },
    { near: true, far: false },
    { near: true, far: true },
  ]) {
    await fabric.apply(azure(sides));
    const seconds = sides.near && sides.far ? patience.answer : patience.silence;
    const [there, back] = await Promise.all([
      dial(machineOf(scope), node, 7000, seconds),
      dial(first.netns, vm.privateAddress, 7001, seconds),
    ]);
    seen.push(`${sides.near} ${sides.far}: ${there}, ${back}`);
  }
  assert.deepEqual(seen, [
    'false false: silent, silent',
    'true false: silent, silent',
    'false true: silent, silent',
    'true true: hello 192.168.1.4, hello 10.240.0.4',
    'true false: silent, silent',
    'true true: hello 192.168.1.4, hello 10.240.0.4',
  ]);
});

test('an established connection stops when the peering goes, and lives on when it comes back in time', async (t) => {
  const { scope, fabric } = await labFor(t);
  const [first] = fabric.nodes;
  assert.ok(first);
  await fabric.boot(vm);
  await fabric.apply(azure());
  const server = await startChild({
    name: 'echo',
    command: ['socat', 'TCP-LISTEN:7000,reuseaddr', 'EXEC:cat'],
    netns: first.netns,
    logFile: `${scope.logs}/echo.log`,
    ready: async () => (await runIn(first.netns, ['ss', '-Hltn', 'sport = :7000'])) !== '',
  });
  t.after(() => server.stop(0));
  const replies = `${scope.logs}/chat.log`;
  const chat = `
import socket, time
s = socket.create_connection(("${node}", 7000))
while True:
    s.sendall(b"x"); s.recv(1); print("y", end="", flush=True); time.sleep(0.02)`;
  const client = await startChild({
    name: 'chat',
    command: ['/usr/bin/python3', '-c', chat],
    netns: machineOf(scope),
    logFile: replies,
  });
  t.after(() => client.stop(0));
  const count = async () => (await readFile(replies, 'utf8')).length;
  await until('the chat runs', async () => (await count()) > 10);
  await fabric.apply(azure({ far: false }));
  const atCut = await count();
  await sleep(400); // silence can only be watched
  assert.ok((await count()) <= atCut + 1, `${atCut} replies at the cut, ${await count()} later`); // one may have been on its way
  await fabric.apply(azure());
  await until('the chat goes on', async () => (await count()) > atCut + 10);
});

test('two VNets with the same addresses do not disturb each other, and peerings are not transitive', async (t) => {
  const { scope, fabric } = await labFor(t);
  const [first] = fabric.nodes;
  assert.ok(first);
  const twin = { ...vm, id: `${vm.id}-twin`, vnetId: `${vm.vnetId}-twin`, computerName: 'twin' };
  const other = {
    ...vm,
    id: `${vm.id}-other`,
    vnetId: `${vm.vnetId}-other`,
    computerName: 'other',
    privateAddress: '172.20.0.4',
    subnetPrefix: '172.20.0.0/24',
  };
  await Promise.all([vm, twin, other].map((each) => fabric.boot(each)));
  const base = azure({
    nics: [vm, twin, other].map((each, at) =>
      interfaceOf({
        vmId: each.id.toLowerCase(),
        vnetId: each.vnetId,
        privateAddress: each.privateAddress,
        publicAddress: `203.0.113.${10 + at}`,
      }),
    ),
  });
  const [probe, cluster] = base.vnets;
  assert.ok(probe && cluster);
  await fabric.apply({
    ...base,
    vnets: [
      probe,
      { ...cluster, connectedTo: [probe.id, other.vnetId] },
      { ...probe, id: twin.vnetId, connectedTo: [] },
      { ...probe, id: other.vnetId, addressSpaces: ['172.20.0.0/16'], connectedTo: [cluster.id] },
    ],
  });
  await serve(t, scope, first.netns, 7000);
  await serve(t, scope, machineOf(scope, other.id), 7001);
  assert.equal(await dial(machineOf(scope), node, 7000), 'hello 192.168.1.4');
  assert.equal(await dial(machineOf(scope, other.id), node, 7000), 'hello 172.20.0.4');
  assert.equal(await dial(machineOf(scope, twin.id), node, 7000, patience.silence), 'silent');
  assert.equal(await dial(machineOf(scope), other.privateAddress, 7001, patience.silence), 'silent');
  await fabric.destroy(other.id);
  assert.equal(await dial(machineOf(scope), node, 7000), 'hello 192.168.1.4');
});
