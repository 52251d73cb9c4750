/**
 * The part of the kubelet stand-in that must be on the node: a program of its own, run in a node's network namespace.
 * TCP 10250 is the kubelet's control port and refuses everyone, as a kubelet refuses anonymous callers; the unix socket
 * given as argument serves the lab: `GET /probe?url=…&timeoutMs=…` requests that URL from the node and answers 200 when
 * the status is 200 to 399, else 503 with the reason.
 */
import { createServer, get, type ServerResponse } from 'node:http';

const socket = process.argv[2];
if (socket === undefined) throw new Error('usage: node-agent SOCKET');

createServer((_, response) => answer(response, 401, 'Unauthorized')).listen(10250, '0.0.0.0');

createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://agent');
  probe(searchParams.get('url') ?? '', Number(searchParams.get('timeoutMs')), (reason) =>
    answer(response, reason === undefined ? 200 : 503, reason ?? 'ok'),
  );
}).listen(socket);

function probe(url: string, timeoutMs: number, done: (reason: string | undefined) => void): void {
  const request = get(url, { timeout: timeoutMs, agent: false }, (response) => {
    const status = response.statusCode ?? 0;
    response.resume();
    done(status >= 200 && status < 400 ? undefined : `HTTP status ${status}`);
  });
  request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
  request.on('error', (error) => done(error.message));
}

function answer(response: ServerResponse, status: number, text: string): void {
  if (!response.headersSent) response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
}
