import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InterfaceState } from '../../../lab/azure/network/data-plane.ts';
import { nameNetns } from '../../../lab/scope.ts';
import { azure, dial, interfaceOf, labFor, machineOf, patience, publicAddress, rule, serve, vm } from './support.ts';

const deny = rule({ name: 'Deny', access: 'Deny', priority: 100 });

/** What the internet sees of a VM that serves 2222 and 2323; `rules` null: no security group. */
const cases: readonly { name: string; rules: InterfaceState['rules'] | null; open: readonly number[] }[] = [
  { name: 'no security group', rules: null, open: [] },
  { name: 'no rules', rules: [], open: [] },
  { name: 'one port', rules: [rule({ destinationPorts: ['2222'] })], open: [2222] },
  { name: 'a range', rules: [rule({ destinationPorts: ['1', '2000-2400'] })], open: [2222, 2323] },
  { name: 'any port, any protocol', rules: [rule({ protocol: '*', destinationPorts: ['*'] })], open: [2222, 2323] },
  { name: 'one port, any protocol', rules: [rule({ protocol: '*', destinationPorts: ['2323'] })], open: [2323] },
  { name: 'udp only', rules: [rule({ protocol: 'Udp', destinationPorts: ['*'] })], open: [] },
  {
    name: 'a deny of lower priority number',
    rules: [{ ...deny, destinationPorts: ['2323'] }, rule({ destinationPorts: ['*'] })],
    open: [2222],
  },
  {
    name: 'a deny of higher priority number',
    rules: [rule({ destinationPorts: ['*'] }), { ...deny, priority: 2000, destinationPorts: ['2323'] }],
    open: [2222, 2323],
  },
  {
    name: 'this source',
    rules: [rule({ sources: ['198.51.100.0/24', '203.0.113.254'], destinationPorts: ['2222'] })],
    open: [2222],
  },
  { name: 'another source', rules: [rule({ sources: ['198.51.100.0/24'], destinationPorts: ['2222'] })], open: [] },
  { name: 'the tag Internet', rules: [rule({ sources: ['Internet'], destinationPorts: ['2222'] })], open: [2222] },
  {
    name: 'a tag that nobody in the lab has, and IPv6',
    rules: [rule({ sources: ['AzureCloud', '2001:db8::/32'], destinationPorts: ['2222'] })],
    open: [],
  },
  {
    name: 'a network that the address is part of, with host bits set',
    rules: [rule({ sources: ['203.0.113.9/24', '203.0.0.0/16'], destinationPorts: ['2222'] })],
    open: [2222],
  },
  {
    name: 'the tag VirtualNetwork',
    rules: [rule({ sources: ['VirtualNetwork'], destinationPorts: ['2222'] })],
    open: [],
  },
  {
    name: 'the private address as destination',
    rules: [rule({ destinations: ['192.168.1.4'], destinationPorts: ['2222'] })],
    open: [2222],
  },
  {
    name: 'the public address as destination, which a security group never sees',
    rules: [rule({ destinations: [publicAddress], destinationPorts: ['2222'] })],
    open: [],
  },
  { name: 'an outbound rule', rules: [rule({ direction: 'Outbound', destinationPorts: ['*'] })], open: [] },
];

function nicWith(rules: InterfaceState['rules'] | null): InterfaceState {
  const { rules: _, ...bare } = interfaceOf();
  return rules === null || rules === undefined ? bare : { ...bare, rules };
}

test('the security group decides what the internet sees of a VM: what is not let in is silent', async (t) => {
  const { scope, fabric } = await labFor(t);
  const internet = nameNetns(scope, 'internet');
  await fabric.boot(vm);
  await Promise.all([2222, 2323].map((port) => serve(t, scope, machineOf(scope), port)));
  for (const { name, rules, open } of cases) {
    await t.test(name, async () => {
      await fabric.apply(azure({ nics: [nicWith(rules)] }));
      const seen = await Promise.all(
        [2222, 2323].map((port) =>
          dial(internet, publicAddress, port, open.includes(port) ? patience.answer : patience.silence),
        ),
      );
      assert.deepEqual(
        seen,
        [2222, 2323].map((port) => (open.includes(port) ? 'hello 203.0.113.254' : 'silent')),
      );
    });
  }
});

test('closing the security group closes it, and taking the public address away makes it silent', async (t) => {
  const { scope, fabric } = await labFor(t);
  const internet = nameNetns(scope, 'internet');
  await fabric.boot(vm);
  await serve(t, scope, machineOf(scope), 2222);
  const look = (seconds: number) => dial(internet, publicAddress, 2222, seconds);
  const open = nicWith([rule({ destinationPorts: ['2222'] })]);
  const { publicAddress: _, ...hidden } = open;
  const seen: string[] = [];
  for (const nic of [open, nicWith([]), open, hidden, open]) {
    await fabric.apply(azure({ nics: [nic] }));
    seen.push(await look(nic === open ? patience.answer : patience.silence));
  }
  assert.deepEqual(seen, ['hello 203.0.113.254', 'silent', 'hello 203.0.113.254', 'silent', 'hello 203.0.113.254']);
});

test('a VM reaches the internet from its public address, and only with one; outbound rules bind', async (t) => {
  const { scope, fabric } = await labFor(t);
  await fabric.boot(vm);
  await serve(t, scope, nameNetns(scope, 'internet'), 8443);
  const look = (seconds: number) => dial(machineOf(scope), '203.0.113.254', 8443, seconds);
  const { publicAddress: _, ...hidden } = interfaceOf();
  await fabric.apply(azure());
  assert.equal(await look(patience.answer), `hello ${publicAddress}`);
  await fabric.apply(azure({ nics: [hidden] }));
  assert.equal(await look(patience.silence), 'silent');
  await fabric.apply(
    azure({
      nics: [
        interfaceOf({
          rules: [rule({ direction: 'Outbound', access: 'Deny', destinations: ['Internet'], destinationPorts: ['*'] })],
        }),
      ],
    }),
  );
  assert.equal(await look(patience.silence), 'silent');
});

test('VNet peers may connect to a VM by default, and a rule can forbid it, also within its own subnet', async (t) => {
  const { scope, fabric } = await labFor(t);
  const [first] = fabric.nodes;
  assert.ok(first);
  const neighbour = { ...vm, id: `${vm.id}-2`, computerName: 'neighbour', privateAddress: '192.168.1.5' };
  await Promise.all([fabric.boot(vm), fabric.boot(neighbour)]);
  await serve(t, scope, machineOf(scope), 2222);
  const second = interfaceOf({
    id: 'nic2',
    vmId: neighbour.id.toLowerCase(),
    privateAddress: neighbour.privateAddress,
    publicAddress: '203.0.113.11',
  });
  const look = (seconds: number) =>
    Promise.all(
      [first.netns, machineOf(scope, neighbour.id)].map((from) => dial(from, vm.privateAddress, 2222, seconds)),
    );
  await fabric.apply(azure({ nics: [interfaceOf(), second] }));
  assert.deepEqual(await look(patience.answer), ['hello 10.240.0.4', 'hello 192.168.1.5']);
  await fabric.apply(
    azure({
      nics: [interfaceOf({ rules: [{ ...deny, sources: ['VirtualNetwork'], destinationPorts: ['*'] }] }), second],
    }),
  );
  assert.deepEqual(await look(patience.silence), ['silent', 'silent']);
});
