/**
 * Why a Temporal server cannot be reached, found out by asking its port: the SDK's errors tell neither TLS nor address.
 */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';

/** The part of the SDK's connection options that decides how a server is spoken to. */
export interface TemporalServer {
  readonly address?: string;
  readonly tls?: object | boolean | null;
  readonly apiKey?: unknown;
}

const limitMs = 3000;
const set = 'Set TEMPORAL_ADDRESS (or a profile, TEMPORAL_PROFILE), or start the lab: hepflow lab up';

/** Address, TLS or not, what is known of the cause, and the way out; two lines. */
export async function explainUnreachable(server: TemporalServer, reason: string): Promise<string> {
  const address = server.address ?? 'localhost:7233';
  const usesTls = Boolean(server.tls ?? server.apiKey !== undefined);
  const { why, remedy } = await diagnose(address, usesTls, reason);
  return `Temporal cannot be reached at ${address} (TLS ${usesTls ? 'on' : 'off'}): ${why}\n${remedy}`;
}

async function diagnose(
  address: string,
  usesTls: boolean,
  reason: string,
): Promise<{ readonly why: string; readonly remedy: string }> {
  const place = readPlace(address);
  if (place === undefined)
    return { why: 'the address is not of the form host:port.', remedy: 'Set TEMPORAL_ADDRESS as in 127.0.0.1:7233.' };
  const refusal = await tryToOpen(() => connectTcp(place), 'connect');
  if (refusal !== undefined) return { why: `${refusal}.`, remedy: set };
  const tlsRefusal = await tryToOpen(() => connectTls({ ...place, rejectUnauthorized: false }), 'secureConnect');
  if (usesTls && tlsRefusal !== undefined)
    return {
      why: `it does not speak TLS (${tlsRefusal}).`,
      remedy: 'TLS is on because of TEMPORAL_TLS, a client certificate or TEMPORAL_API_KEY; set TEMPORAL_TLS=false.',
    };
  if (!usesTls && tlsRefusal === undefined)
    return { why: 'it speaks TLS.', remedy: 'Set TEMPORAL_TLS=true, or TEMPORAL_API_KEY, which turns TLS on.' };
  const remedy = usesTls
    ? 'Check the certificates: TEMPORAL_TLS_SERVER_CA_CERT_PATH, TEMPORAL_TLS_SERVER_NAME, the client certificate.'
    : 'Check that it is the gRPC port of Temporal, by default 7233, and not that of its Web UI.';
  return { why: reason, remedy };
}

function readPlace(address: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, port] = /^(?:\[([\da-fA-F:]+)\]|([^\s:/]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  return host === undefined ? undefined : { host, port: Number(port) };
}

/** Why a connection cannot be opened; undefined: it can. */
async function tryToOpen(open: () => ReturnType<typeof connectTcp>, opened: string): Promise<string | undefined> {
  const over = new AbortController();
  const socket = open();
  const late = sleep(limitMs, `no answer within ${limitMs / 1000} s`, { signal: over.signal });
  late.catch(() => {});
  try {
    return await Promise.race([once(socket, opened).then(() => undefined), late]);
  } catch (error) {
    // OpenSSL's reason, else the socket's own words.
    const { reason, message, code } = error as NodeJS.ErrnoException & { readonly reason?: string };
    return reason || message || code || 'refused';
  } finally {
    over.abort();
    socket.on('error', () => {}); // it may still fail after nobody waits for it any more
    socket.destroy();
  }
}
