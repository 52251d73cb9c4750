import { HttpMethod, RequestContext } from '@kubernetes/client-node';
import { type Dispatcher, fetch } from 'undici';
import { openConnections } from './connections.ts';
import { KubernetesError, parseErrorAnswer } from './error.ts';
import { type KubeconfigOrigin, readKubeconfig } from './kubeconfig.ts';
import { readBounded } from './limits.ts';
import { obtainCredential } from './obtain.ts';
import type { Credential } from './plugin.ts';

/** One call: path with query, JSON body. */
export interface KubernetesCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

/** Credentials and connections for one cluster, from one reading of its kubeconfig. */
export interface Session {
  /** The body of a 2xx answer, as text. Everything else throws a KubernetesError. */
  send(call: KubernetesCall): Promise<string>;
  /** Resolves when the calls under way are over. */
  close(): Promise<void>;
}

interface Connected {
  readonly certificate: Credential['certificate'];
  readonly opening: Promise<Dispatcher | undefined>;
}

/** @throws KubernetesError `Unauthorized` when the kubeconfig cannot be used. */
export function openSession(text: string, origin: KubeconfigOrigin, timeoutMs: number): Session {
  const kubeconfig = readKubeconfig(text, origin);
  const { config, server } = kubeconfig;
  const over = new AbortController();
  let current: Promise<Credential> | undefined;
  let connected: Connected | undefined;

  // Shared by the calls that wait: a plugin is started once, and fails once, for all of them.
  const renew = (): Promise<Credential> => {
    const mine = obtainCredential(kubeconfig, origin, timeoutMs, over.signal);
    mine.catch(() => {
      if (current === mine) current = undefined;
    });
    return mine;
  };
  const takeCredential = async (): Promise<Credential> => {
    current ??= renew();
    const mine = current;
    const credential = await mine;
    if (credential.expiresAtMs > Date.now()) return credential;
    if (current === mine || current === undefined) current = renew();
    return await current;
  };

  const authenticate = async (request: RequestContext): Promise<Dispatcher | undefined> => {
    const credential = await takeCredential();
    await unusable(async () => await config.applySecurityAuthentication(request));
    if (credential.token !== undefined) request.setHeaderParam('Authorization', `Bearer ${credential.token}`);
    refuseUnsendable(request);
    // A client certificate belongs to the connection, so a new one needs new connections.
    const { certificate } = credential;
    if (connected === undefined || connected.certificate !== certificate) {
      connected?.opening.then((old) => old?.close()).catch(() => {}); // nobody waits for it
      connected = { certificate, opening: unusable(() => openConnections(config, certificate)) };
    }
    return (await connected.opening) ?? request.getDispatcher();
  };

  const send = async (call: KubernetesCall): Promise<string> => {
    const request = requestOf(server, call);
    const dispatcher = await authenticate(request);
    request.setSignal(AbortSignal.timeout(timeoutMs));
    return answerOf(server, call.path, request, dispatcher);
  };
  const close = async (): Promise<void> => {
    over.abort();
    await (await connected?.opening)?.close();
  };
  return { send, close };
}

/** fetch would quote it in its error (W7). */
function refuseUnsendable(request: RequestContext): void {
  const isSendable = Object.values(request.getHeaders()).every((value) => /^[\t\x20-\x7e]*$/.test(value));
  if (isSendable) return;
  throw new KubernetesError(0, 'Unauthorized', 'The credential for the API server has characters that no header has.');
}

/** What reading the kubeconfig's files throws tells their paths. */
async function unusable<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.trim() : String(cause);
    throw new KubernetesError(0, 'Unauthorized', `The kubeconfig cannot be used: ${why}`, { cause });
  }
}

function requestOf(server: string, { method, path, query, body }: KubernetesCall): RequestContext {
  const request = new RequestContext(`${server}${path}`, HttpMethod[method]);
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) request.setQueryParam(name, value);
  request.setHeaderParam('Accept', 'application/json');
  if (body !== undefined) {
    // Never a strategic merge: custom resources answer it with 415.
    request.setHeaderParam('Content-Type', method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
    request.setBody(JSON.stringify(body));
  }
  return request;
}

async function answerOf(
  server: string,
  path: string,
  request: RequestContext,
  dispatcher: Dispatcher | undefined,
): Promise<string> {
  let status: number;
  let headers: Record<string, string>;
  let text: string;
  try {
    const response = await fetch(request.getUrl(), {
      method: request.getHttpMethod(),
      headers: request.getHeaders(),
      body: (request.getBody() as string | undefined) ?? null,
      signal: request.getSignal() ?? null,
      // An API server does not redirect; whoever does leads astray.
      redirect: 'error',
      ...(dispatcher === undefined ? {} : { dispatcher }),
    });
    status = response.status;
    headers = Object.fromEntries(response.headers);
    text = await readBounded(response.body);
  } catch (cause) {
    if (cause instanceof KubernetesError) throw cause;
    throw new KubernetesError(0, 'ConnectionFailed', `The API server at ${server} did not answer: ${reasonOf(cause)}`, {
      cause,
    });
  }
  if (status >= 200 && status < 300) return text;
  throw parseErrorAnswer(path, status, text, headers);
}

/** fetch says only "fetch failed"; what happened is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || reasonOf(error.cause) : error.message;
}
