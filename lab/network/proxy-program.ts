/**
 * The lab's HTTP CONNECT proxy, run inside the internet's namespace: `proxy-program SOCKET RANGE`. It serves addresses
 * of the range and nothing else.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { BlockList, isIPv4 } from 'node:net';
import type { Duplex } from 'node:stream';
import { createProxy } from 'proxy';

const [socketPath = '', range = ''] = process.argv.slice(2);
const [network = '', prefix = ''] = range.split('/');
const served = new BlockList();
served.addSubnet(network, Number(prefix));

function isServed(target: string): boolean {
  const [address = '', port = '', ...more] = target.split(':');
  return (
    more.length === 0 &&
    isIPv4(address) &&
    served.check(address) &&
    /^\d+$/.test(port) &&
    Number(port) > 0 &&
    Number(port) < 65_536
  );
}

const server = createProxy(createServer());
const [tunnel] = server.listeners('connect');
server.removeAllListeners('connect').on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
  if (!isServed(request.url ?? '')) {
    socket.on('error', () => {}); // the client may be gone
    socket.end(`HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\nThis proxy only serves ${range}.\n`);
    return;
  }
  if (head.length > 0) socket.unshift(head); // the library refuses bytes that came along with the request
  tunnel?.call(server, request, socket, Buffer.alloc(0));
});
server
  .removeAllListeners('request')
  .on('request', (_request, response) => response.writeHead(405).end('Only CONNECT.\n'));
server.listen(socketPath);
