/**
 * ProxyCommand of `hepflow ssh`: joins stdin and stdout to HOST PORT through the HTTP proxy of HEPFLOW_SSH_PROXY, by
 * CONNECT.
 */

import { request } from 'node:http';
import { makePrintable } from '../contract/printable.ts';

const [host, port] = process.argv.slice(2);
const proxy = new URL(process.env['HEPFLOW_SSH_PROXY'] ?? '');
const user = decodeURIComponent(proxy.username);
const headers = {
  host: `${host}:${port}`,
  ...(user !== '' && {
    'proxy-authorization': `Basic ${Buffer.from(`${user}:${decodeURIComponent(proxy.password)}`).toString('base64')}`,
  }),
};
const asked = request({
  host: proxy.hostname,
  port: proxy.port || 80,
  method: 'CONNECT',
  path: `${host}:${port}`,
  headers,
  agent: false,
});
const refuse = (why: string): never => {
  process.stderr.write(`${makePrintable(`The proxy ${proxy.host} cannot connect to ${host}:${port}: ${why}.`)}\n`);
  process.exit(1);
};
asked.on('error', (error) => refuse(error.message));
asked.on('response', ({ statusCode }) => refuse(`HTTP ${statusCode}`));
asked.on('connect', ({ statusCode }, socket, head) => {
  if (statusCode !== 200) refuse(`HTTP ${statusCode}`);
  process.stdout.write(head); // an SSH server speaks first: its banner may come with the proxy's answer
  socket.on('error', () => process.exit(1));
  socket.on('close', () => process.exit(0));
  socket.pipe(process.stdout);
  process.stdin.pipe(socket);
});
asked.end();
