import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { LabScope } from '../scope.ts';

/**
 * Starts something on free ports of 127.0.0.1. The lab's programs cannot bind port 0, so ports are found by binding and
 * releasing, and may be taken in between. If so, the program is started once more on others, and `<logs>/ports.log`
 * records it.
 */
export async function startOnFreePorts<T, const Name extends string>(
  scope: LabScope,
  names: readonly Name[],
  start: (ports: Record<Name, number>) => Promise<T>,
): Promise<T> {
  const ports = await findFreePorts(names);
  try {
    return await start(ports);
  } catch (error) {
    if (!isAddressInUse(error)) throw error;
    appendFileSync(
      join(scope.logs, 'ports.log'),
      `${new Date().toISOString()} taken meanwhile, starting again on others: ${JSON.stringify(ports)}: ${error}\n`,
    );
    return await start(await findFreePorts(names));
  }
}

/** Go's text for EADDRINUSE; the programs offer no better sign than their last output, which a failed start carries. */
const isAddressInUse = (error: unknown): boolean =>
  error instanceof Error && error.message.includes('address already in use');

/** Distinct free ports: all are held until the last is known. */
async function findFreePorts<const Name extends string>(names: readonly Name[]): Promise<Record<Name, number>> {
  const servers = names.map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return Object.fromEntries(names.map((name, index) => [name, ports[index]])) as Record<Name, number>;
}
