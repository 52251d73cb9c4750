import type { AgentOptions, RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, type buildConnector, type Dispatcher, ProxyAgent } from 'undici';

/** Enough for the checks of a preflight side by side, few enough for an API server. */
const connections = 8;

/**
 * One pool for a session, with the kubeconfig's TLS settings and proxy; undefined: client-node's own must serve
 * (SOCKS).
 * client-node makes a new pool for every call, which leaks them, and speaks HTTP/2. Over HTTP/2 kube-apiserver answers
 * a bad token, and now and then any call
 * (--goaway-chance), with a GOAWAY that fails the calls beside it; over HTTP/1.1 each call gets its own answer.
 */
export async function openConnections(config: KubeConfig): Promise<Dispatcher | undefined> {
  const options: AgentOptions = {};
  await config.applyToHTTPSOptions(options as RequestOptions);
  const wanted = config.createDispatcherOptions(config.getCurrentCluster(), options);
  switch (wanted.type) {
    case 'agent':
      return new Agent({ connect: wanted.connect as Connect, connections, allowH2: false });
    case 'none':
      return new Agent({ connections, allowH2: false });
    case 'proxy':
      return new ProxyAgent({
        uri: wanted.uri,
        requestTls: wanted.requestTls as Connect,
        connect: wanted.connect as Connect,
        connections,
        allowH2: false,
      });
    case 'socks':
      return undefined;
  }
}

/** The same options; client-node's type lets them be undefined where undici's has them absent. */
type Connect = buildConnector.BuildOptions;
