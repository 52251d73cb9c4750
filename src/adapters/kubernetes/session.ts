import { setTimeout as sleep } from 'node:timers/promises';
import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { type Dispatcher, fetch } from 'undici';
import { openConnections } from './connections.ts';
import { KubernetesError, parseErrorAnswer } from './error.ts';
import { readBounded } from './limits.ts';

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

/** @throws KubernetesError `Unauthorized` when the kubeconfig cannot be read or names no cluster. */
export function openSession(kubeconfig: string, timeoutMs: number): Session {
  const config = parse(kubeconfig);
  const server = config.getCurrentCluster()?.server.replace(/\/+$/, '');
  if (server === undefined)
    throw new KubernetesError(0, 'Unauthorized', 'The kubeconfig has no current context with a cluster.');
  let turn: Promise<unknown> = Promise.resolve();
  let dispatcher: Dispatcher | undefined;

  // One at a time: an exec plugin is started once, not once per concurrent call.
  const authenticate = (request: RequestContext): Promise<void> => {
    const mine = turn.then(async () => {
      await withCredentials(config, timeoutMs, () => config.applySecurityAuthentication(request));
      dispatcher ??= (await openConnections(config)) ?? request.getDispatcher();
    });
    turn = mine.catch(() => {});
    return mine;
  };

  const send = async (call: KubernetesCall): Promise<string> => {
    const request = requestOf(server, call);
    await authenticate(request);
    request.setSignal(AbortSignal.timeout(timeoutMs));
    return answerOf(server, call.path, request, dispatcher);
  };
  return { send, close: async () => await dispatcher?.close() };
}

function parse(kubeconfig: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromString(kubeconfig);
    return config;
  } catch (cause) {
    // The cause's message may quote the kubeconfig, so it is not repeated (W7).
    throw new KubernetesError(
      0,
      'Unauthorized',
      `The kubeconfig cannot be read (${cause instanceof Error ? cause.name : 'unknown error'}).`,
    );
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

async function withCredentials(config: KubeConfig, timeoutMs: number, obtain: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`no credential within ${timeoutMs} ms`);
  });
  try {
    await Promise.race([obtain(), late]);
  } catch (cause) {
    const command = config.getCurrentUser()?.exec?.command;
    const who =
      command === undefined
        ? 'The credential of the kubeconfig cannot be used'
        : `The credential plugin ${command} failed`;
    throw new KubernetesError(
      0,
      'Unauthorized',
      `${who}: ${cause instanceof Error ? cause.message.trim() : String(cause)}`,
      { cause },
    );
  } finally {
    over.abort();
    late.catch(() => {});
  }
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
