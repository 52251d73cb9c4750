import type { AgentOptions, RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { type buildConnector, type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from 'undici';

/** Enough for the checks of a preflight side by side, few enough for an API server. */
const connections = 8;

/**
 * One pool for a session, with the kubeconfig's TLS settings, and its proxy or else the environment's; undefined:
 * client-node's own must serve (SOCKS). `certificate`: in the place of the kubeconfig's own.
 * client-node makes a new pool for every call, which leaks them, and speaks HTTP/2. Over HTTP/2 kube-apiserver answers
 * a bad token, and now and then any call
 * (--goaway-chance), with a GOAWAY that fails the calls beside it; over HTTP/1.1 each call gets its own answer.
 */
export async function openConnections(
  config: KubeConfig,
  certificate?: { readonly cert: string; readonly key: string },
): Promise<Dispatcher | undefined> {
  const options: AgentOptions = {};
  await config.applyToHTTPSOptions(options as RequestOptions);
  Object.assign(options, certificate);
  const wanted = config.createDispatcherOptions(config.getCurrentCluster(), options);
  switch (wanted.type) {
    case 'agent':
      return open(wanted.connect as Connect);
    case 'none':
      return open({});
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

const open = (connect: Connect): Dispatcher =>
  new EnvHttpProxyAgent({ ...readProxies(process.env), connect, requestTls: connect, connections, allowH2: false });

/** As Azure's SDK reads the environment, so that all goes one way. An own machine is never reached through a proxy. */
function readProxies(env: NodeJS.ProcessEnv): { httpProxy: string; httpsProxy: string; noProxy: string } {
  const read = (name: string): string => env[name] || env[name.toLowerCase()] || '';
  const httpProxy = read('HTTP_PROXY');
  return {
    httpProxy,
    httpsProxy: read('HTTPS_PROXY') || read('ALL_PROXY') || httpProxy,
    noProxy: [read('NO_PROXY'), 'localhost,127.0.0.1,::1'].filter(Boolean).join(','),
  };
}

/** The same options; client-node's type lets them be undefined where undici's has them absent. */
type Connect = buildConnector.BuildOptions;
