/**
 * Temporal's remote codec protocol, for its Web UI and CLI: POST /encode and /decode (or below one folder, such as
 * /default/decode) with
 * `{"payloads": [...]}` in proto3 JSON. https://docs.temporal.io/production-deployment/data-encryption
 * It hands out plaintext to whoever may ask, so it listens on the loopback only, and browsers may ask from the given
 * origins only.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PayloadCodec, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto'; // CommonJS, whose names Node cannot see
import { describeError } from '../contract/brief.ts';
import { PayloadKeyError } from './payload-codec.ts';

export interface CodecServerOptions {
  readonly codec: PayloadCodec;
  /** 0: any free one. */
  readonly port: number;
  /** Origins of Web UIs, such as `http://localhost:8233`. */
  readonly origins: readonly string[];
}

export interface CodecServer {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Temporal's limit for one gRPC message is 4 MiB; base64 makes a third more of it. */
const maxBodyBytes = 8 << 20;
const { Payloads } = proto.temporal.api.common.v1;

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function startCodecServer({ codec, port, origins }: CodecServerOptions): Promise<CodecServer> {
  const server = createServer((request, response) => {
    answer(codec, origins, request, response).then(
      (body) => send(response, body === undefined ? 204 : 200, body),
      (error: unknown) => send(response, statusOf(error), { message: describeError(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** The body of the answer; nothing for a preflight request. Throws a Refusal or what the codec throws. */
async function answer(
  codec: PayloadCodec,
  origins: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<object | undefined> {
  const { origin, host = '' } = request.headers;
  // A name that leads to the loopback by a trick of DNS is still not one of these.
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host))
    throw new Refusal(403, 'This codec server answers to 127.0.0.1 and localhost only.');
  if (origin !== undefined) {
    if (!origins.includes(origin))
      throw new Refusal(
        403,
        `Pages of ${origin} may not use this codec server; allow it: hepflow codec-server --origin ${origin}`,
      );
    allowOrigin(response, origin);
  }
  if (request.method === 'OPTIONS') return undefined;
  const [, operation] = /^(?:\/[\w.-]+)?\/(encode|decode)$/.exec(request.url?.split('?')[0] ?? '') ?? [];
  if (operation === undefined) throw new Refusal(404, 'POST /encode and POST /decode are all there is.');
  if (request.method !== 'POST') throw new Refusal(405, 'Only POST is understood.');
  const { payloads } = Payloads.fromObject(await jsonOf(request));
  const turned =
    operation === 'encode' ? await codec.encode(payloads, contextOf(request)) : await codec.decode(payloads);
  return { payloads: [], ...Payloads.toObject(Payloads.create({ payloads: turned }), { bytes: String }) };
}

/** What Temporal's CLI and Web UI tell of the place; the workflow id is not part of it. */
function contextOf({ headers }: IncomingMessage): SerializationContext | undefined {
  const namespace = headers['x-namespace'];
  if (typeof namespace !== 'string' || namespace === '') return undefined;
  return { type: 'activity', namespace, isLocal: false };
}

function allowOrigin(response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('vary', 'origin');
  response.setHeader('access-control-allow-methods', 'POST, OPTIONS');
  response.setHeader('access-control-allow-headers', 'content-type, x-namespace, authorization, authorization-extras');
  response.setHeader('access-control-allow-credentials', 'true');
}

async function jsonOf(request: IncomingMessage): Promise<{ payloads: object[] }> {
  // Any page may send a form without asking first; JSON it may not.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    throw new Refusal(415, 'The body must be application/json.');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) throw new Refusal(413, `A body may have ${maxBodyBytes} bytes.`);
    chunks.push(chunk);
  }
  return checked(Buffer.concat(chunks).toString('utf8'));
}

function checked(text: string): { payloads: object[] } {
  try {
    const body: unknown = JSON.parse(text);
    const payloads = (body as { payloads?: unknown } | null)?.payloads;
    if (Array.isArray(payloads) && payloads.every((each) => typeof each === 'object' && each !== null))
      return { payloads };
  } catch {
    // told below
  }
  throw new Refusal(400, 'The body must be JSON of the form {"payloads": [{"metadata": {...}, "data": "..."}]}.');
}

const statusOf = (error: unknown): number =>
  error instanceof Refusal ? error.status : error instanceof PayloadKeyError ? 400 : 500;

function send(response: ServerResponse, status: number, body: object | undefined): void {
  response
    .writeHead(status, body === undefined ? {} : { 'content-type': 'application/json' })
    .end(body === undefined ? undefined : JSON.stringify(body));
}
