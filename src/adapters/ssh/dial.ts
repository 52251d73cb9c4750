import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * A TCP connection to the address, directly or through an HTTP proxy's CONNECT. Throws the socket's error, the proxy's
 * refusal, or the abort reason.
 */
export async function dial(
  address: { host: string; port: number },
  proxyUrl: string | undefined,
  signal: AbortSignal,
): Promise<Duplex> {
  return proxyUrl === undefined ? dialDirectly(address, signal) : dialThrough(new URL(proxyUrl), address, signal);
}

async function dialDirectly({ host, port }: { host: string; port: number }, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const socket = connect({ host, port, noDelay: true });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.on('error', () => {}); // it may still fail after nobody waits for it any more
    socket.destroy();
    throw error;
  }
}

/** CONNECT as in RFC 9110, section 9.3.6. */
function dialThrough(proxy: URL, { host, port }: { host: string; port: number }, signal: AbortSignal): Promise<Duplex> {
  const authority = `${host}:${port}`;
  const request = (proxy.protocol === 'https:' ? httpsRequest : httpRequest)({
    host: proxy.hostname,
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...credentialsOf(proxy) },
    agent: false,
  });
  const aborted = (): unknown => request.destroy(signal.reason);
  signal.addEventListener('abort', aborted, { once: true });
  const opened = new Promise<Duplex>((resolve, reject) => {
    request.once('connect', (response, socket, head) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        return reject(refusal(proxy, response.statusCode));
      }
      // an SSH server speaks first, so its banner may come with the proxy's answer
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.once('response', (response) => {
      response.destroy();
      reject(refusal(proxy, response.statusCode));
    });
    request.on('error', reject);
    request.end();
  });
  // The connection outlives the signal, which bounds only its making.
  return opened.finally(() => signal.removeEventListener('abort', aborted));
}

const refusal = (proxy: URL, status: number | undefined): Error =>
  new Error(`the proxy ${proxy.host} refused to connect (HTTP ${status})`);

function credentialsOf(proxy: URL): { 'proxy-authorization'?: string } {
  if (proxy.username === '') return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}
