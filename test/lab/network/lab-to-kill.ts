/** A lab in a process of its own, with a VM, a pod, a relay and an open connection through it; says its id and waits to be killed. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { openScope } from '../../../lab/leftovers.ts';
import { createFabric } from '../../../lab/network/fabric.ts';
import { startChild } from '../../../lab/process/child.ts';
import { vm } from './support.ts';

const scope = await openScope({ pace: 'fast', calico: 'oss' });
const fabric = await createFabric(scope, { bootDelayMs: 0 });
const [first] = fabric.nodes;
if (first === undefined) throw new Error('A fabric without nodes.');
await fabric.attachPod(first, 'frontend', '10.244.0.10');
await fabric.boot(vm);
const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
await fabric.relayToNodes(port);
await startChild({
  name: 'client',
  command: ['socat', `TCP:127.0.0.1:${port}`, 'EXEC:cat'],
  netns: first.netns,
  logFile: `${scope.logs}/client.log`,
});
await once(server, 'connection');
process.stdout.write(`${scope.id}\n`);
