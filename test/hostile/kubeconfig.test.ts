/** A kubeconfig may name programs, files and proxies: whose words they are decides what is taken. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProxy } from 'proxy';
import { createClusters, type OwnToken } from '../../src/adapters/kubernetes/index.ts';
import { readPlugin, selectEnvironment } from '../../src/adapters/kubernetes/plugin.ts';
import { namespaces } from '../../src/adapters/kubernetes/resources.ts';
import { toHepflowError } from '../../src/step/failures/index.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { clusterRef, startAzureUnderTest } from '../support/azure.ts';

const aksServer = '6dae42f8-4368-4678-94ff-3960e28e3630';
const name = { subscriptionId: 's', resourceGroup: 'g', name: 'c' };
const folder = mkdtempSync(join(tmpdir(), 'hepflow-kubeconfig-'));
const marker = join(folder, 'was-run');
let server: ApiServer;

before(async () => {
  server = await startApiServer();
});
beforeEach(() => {
  server.seen.length = 0;
  rmSync(marker, { force: true });
});
after(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const script = (file: string, ...lines: string[]): string => {
  writeFileSync(join(folder, file), ['#!/bin/sh', `echo run >> ${marker}`, ...lines, ''].join('\n'), { mode: 0o700 });
  return join(folder, file);
};
const exec = (command: string, more: object = {}): object => ({
  exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never', ...more },
});
const credential = (status: object): string => `echo '${JSON.stringify({ kind: 'ExecCredential', status })}'`;
const entra = (serverId: string): object =>
  exec('kubelogin', {
    args: ['get-token', '--environment', 'AzurePublicCloud', '--server-id', serverId, '--login', 'devicecode'],
    interactiveMode: 'IfAvailable',
  });

function open(
  t: TestContext,
  kubeconfig: string,
  origin: Parameters<typeof createClusters>[0]['origin'],
  limitMs = 5000,
) {
  const clusters = createClusters({
    kubeconfigOf: async () => kubeconfig,
    requestTimeoutMs: limitMs,
    ...(origin !== undefined && { origin }),
  });
  t.after(() => clusters.close());
  const list = async () => await (await clusters.of(name)).list(namespaces);
  return { list, close: () => clusters.close() };
}

const asOperator = (t: TestContext, user: object, cluster: object = {}, limitMs?: number) =>
  open(t, server.kubeconfig(user, cluster), { by: 'operator', folder }, limitMs);

function asAzure(t: TestContext, user: object, cluster: object = {}) {
  const asked: string[] = [];
  const tokens: OwnToken[] = [];
  const tokenOf = async (scope: string): Promise<OwnToken> => {
    asked.push(scope);
    return tokens.shift() ?? { token: `token-${asked.length}`, expiresOnTimestamp: Date.now() + 3_600_000 };
  };
  return { ...open(t, server.kubeconfig(user, cluster), { by: 'azure', tokenOf }), asked, tokens };
}

const readSecret = (): object => ({ tokenFile: '/etc/hostname' });
const armId = '797f4846-ba00-4fd7-ba43-dac1f8f63013';
const refused: readonly [what: string, says: RegExp, user: () => object, cluster?: object][] = [
  ['another plugin', /plugin .*evil/, () => exec(script('evil', credential({ token: 'x' })))],
  ['a path to a kubelogin of its own', /plugin \.\/kubelogin/, () => exec('./kubelogin')],
  ['a proxy', /names proxy-url/, () => ({ token: 't' }), { 'proxy-url': 'http://127.0.0.1:1' }],
  ['no check of TLS', /names insecure-skip-tls-verify/, () => ({ token: 't' }), { 'insecure-skip-tls-verify': true }],
  ['no TLS', /a server without TLS/, () => ({ token: 't' }), { server: 'http://127.0.0.1:1' }],
  ['a file of this machine as token', /names tokenFile/, readSecret],
  ['a file as authority', /names certificate-authority/, () => ({}), { 'certificate-authority': '/etc/hostname' }],
  [
    'files as client certificate',
    /client-certificate, client-key/,
    () => ({ 'client-certificate': 'a', 'client-key': 'b' }),
  ],
  ['an auth-provider, which runs a command too', /auth-provider gcp/, () => ({ 'auth-provider': { name: 'gcp' } })],
  ['a token of Resource Manager', new RegExp(`asks for a token of ${armId}, not of AKS`), () => entra(armId)],
  ['no application', /asks for a token of no application/, () => exec('kubelogin', { args: ['get-token'] })],
];
for (const [what, says, user, cluster = {}] of refused)
  test(`The kubeconfig of Azure may not ask for ${what}: nothing is run, nothing is sent.`, async (t) => {
    const { list, asked } = asAzure(t, user(), cluster);
    await assert.rejects(list(), (error) => {
      const { code, message } = toHepflowError(error);
      assert.equal(code, 'KubeconfigUnusable');
      return says.test(message);
    });
    assert.deepEqual([asked, server.seen, existsSync(marker)], [[], [], false]);
  });

test("A cluster of Entra gets tokens of the worker's own credential, in time, and kubelogin is not run.", async (t) => {
  script('kubelogin', 'exec sleep 60');
  const path = process.env['PATH'];
  process.env['PATH'] = `${folder}:${path}`;
  t.after(() => {
    process.env['PATH'] = path;
  });
  const { list, asked, tokens } = asAzure(t, entra(aksServer));
  tokens.push({ token: 'nearly-over', expiresOnTimestamp: Date.now() + 60_000 });
  await Promise.all([list(), list()]);
  await list();
  assert.deepEqual(new Set(server.seen), new Set(['Bearer token-2']));
  assert.deepEqual(asked, [`${aksServer}/.default`, `${aksServer}/.default`], 'once anew, then kept');
  assert.equal(existsSync(marker), false);
});

test('Kubeconfig and token come from the same Azure, by the adapter itself.', async (t) => {
  await using azure = await startAzureUnderTest({ userKubeconfig: () => server.kubeconfig(entra(aksServer)) });
  const { clusters } = azure.adapter();
  const all = createClusters({
    kubeconfigOf: clusters.userKubeconfig,
    origin: { by: 'azure', tokenOf: clusters.serverToken },
    requestTimeoutMs: 5000,
  });
  t.after(() => all.close());
  assert.deepEqual(await (await all.of(clusterRef)).list(namespaces), []);
  const [, claims = ''] = server.seen[0]?.split('.') ?? [];
  assert.equal(JSON.parse(Buffer.from(claims, 'base64url').toString()).aud, aksServer);
});

/** The processes that a script's `echo $$ >> pids` named. */
const pids = join(folder, 'pids');
async function untilEnded(count: number): Promise<void> {
  const all = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
  assert.equal(all.length, count);
  const isThere = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      // A zombie has ended; whoever inherits it collects it.
      return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  };
  while (all.some(isThere)) await sleep(10);
}

const bothThere = `until [ $(wc -l < ${pids}) = 2 ]; do :; done`;
const asking = "echo 'To sign in, open https://example.invalid/device and enter the code AAAA-BBBB' >&2";
const unending: readonly [what: string, lines: readonly string[], limitMs: number, says: RegExp][] = [
  ['waits for ever', [], 200, /failed: no credential within 200 ms/],
  [
    'waits for a person',
    [bothThere, asking],
    60_000,
    /nobody sees it here.*convert-kubeconfig.*reported: To sign in.*AAAA-BBBB/,
  ],
  ['prints without end', [bothThere, 'yes &'], 60_000, /more than 1048576 bytes/],
  ['complains without end', ["yes 'cannot reach the authority' >&2 &"], 500, /reported: .*cannot reach the authority/],
];
for (const [what, lines, limitMs, says] of unending)
  test(`A plugin that ${what} is ended with all its children, once for many calls.`, { timeout: 30_000 }, async (t) => {
    rmSync(pids, { force: true });
    const child = `sh -c 'echo $$ >> ${pids}; exec sleep 300' &`;
    const command = script('hangs', `echo $$ >> ${pids}`, child, ...lines, 'wait');
    const { list } = asOperator(t, exec(command), {}, limitMs);
    const outcomes = await Promise.allSettled([list(), list(), list()]);
    for (const outcome of outcomes)
      assert.match(outcome.status === 'rejected' ? String(outcome.reason) : 'it went on', says);
    assert.equal(readFileSync(marker, 'utf8'), 'run\n');
    await untilEnded(2);
  });

test('A plugin that runs is ended when nobody needs its cluster any more.', { timeout: 30_000 }, async (t) => {
  rmSync(pids, { force: true });
  const { list, close } = asOperator(t, exec(script('hangs', `echo $$ >> ${pids}`, 'exec sleep 300')), {}, 60_000);
  const listing = assert.rejects(list(), /no longer needed/);
  while (!existsSync(pids)) await sleep(10);
  await close();
  await listing;
  await untilEnded(1);
});

const unusable: readonly [what: string, says: RegExp, user: () => object][] = [
  ['is not installed', /not installed.*Install it \(https:\/\/azure.github.io/, () => exec('/nowhere/kubelogin')],
  ['brings its own hint', /not installed.*brew install it/, () => exec('/nowhere', { installHint: 'brew install it' })],
  [
    'fails',
    /exit code 3\. It reported: AADSTS70043 twice/,
    () => exec(script('bad', "printf 'AADSTS70043\\ntwice' >&2", 'exit 3')),
  ],
  ['needs a terminal', /nobody sees it here/, () => exec(script('tty'), { interactiveMode: 'Always' })],
  ['prints something else', /no ExecCredential$/, () => exec(script('other', 'echo hello-secret'))],
  ['prints no credential', /no ExecCredential$/, () => exec(script('none', credential({})))],
];
for (const [what, says, user] of unusable)
  test(`A plugin that ${what} is told as what is wrong with the kubeconfig.`, async (t) => {
    await assert.rejects(asOperator(t, user()).list(), (error) => {
      const { code, message } = toHepflowError(error);
      assert.match(message, says);
      return code === 'KubeconfigUnusable' && !message.includes('hello-secret');
    });
  });

test("A plugin sees of the worker's environment only what it needs; kubelogin its login too.", () => {
  const env = {
    ...{ PATH: '/bin', HOME: '/home/x', HTTPS_PROXY: 'http://p', LC_ALL: 'C' },
    ...{ AZURE_CLIENT_SECRET: 's', AAD_LOGIN_METHOD: 'msi', TEMPORAL_API_KEY: 's', HEPFLOW_KEY_SECRET_FILE: 's' },
  };
  const given = (command: string, more: object = {}): NodeJS.ProcessEnv => {
    const cluster = { name: 'x', server: 'https://x', skipTLSVerify: false };
    return selectEnvironment(readPlugin({ command, apiVersion: 'v1', ...more }, cluster), env);
  };
  const always = ['PATH', 'HOME', 'HTTPS_PROXY', 'LC_ALL', 'KUBERNETES_EXEC_INFO'];
  assert.deepEqual(Object.keys(given('/usr/bin/any')).toSorted(), always.toSorted());
  assert.deepEqual(
    Object.keys(given('/usr/bin/kubelogin')).toSorted(),
    [...always, 'AZURE_CLIENT_SECRET', 'AAD_LOGIN_METHOD'].toSorted(),
  );
  const named = given('any', { env: [{ name: 'AZURE_CLIENT_SECRET', value: 'its own' }], provideClusterInfo: true });
  assert.equal(named['AZURE_CLIENT_SECRET'], 'its own');
  assert.equal(JSON.parse(named['KUBERNETES_EXEC_INFO'] ?? '').spec.cluster.server, 'https://x');
});

test("Relative paths of the operator's file begin at its folder, as for kubectl.", async (t) => {
  writeFileSync(join(folder, 'ca.crt'), readFileSync(server.caFile));
  writeFileSync(join(folder, 'token'), 'from-the-file');
  script('plugin', credential({ token: 'from-the-plugin' }));
  const authority = { 'certificate-authority-data': undefined, 'certificate-authority': 'ca.crt' };
  await asOperator(t, { tokenFile: 'token' }, authority).list();
  await asOperator(t, exec('./plugin')).list();
  assert.deepEqual(server.seen, ['Bearer from-the-file', 'Bearer from-the-plugin']);
  const missing = { ...authority, 'certificate-authority': 'none.crt' };
  await assert.rejects(asOperator(t, { token: 't' }, missing).list(), {
    message: new RegExp(`cannot be used: ENOENT.*${folder}/none.crt`),
  });
  await assert.rejects(asOperator(t, { tokenFile: 'nowhere' }).list(), {
    message: new RegExp(`cannot be used: ENOENT.*${folder}/nowhere`),
  });
});

test("Only the current user's auth-provider matters: a file of many clusters may name others.", async (t) => {
  const whole = JSON.parse(server.kubeconfig({ token: 't' })) as { users: object[] };
  whole.users.push({ name: 'old', user: { 'auth-provider': { name: 'azure' } } });
  await open(t, JSON.stringify(whole), { by: 'operator', folder }).list();
  assert.deepEqual(server.seen, ['Bearer t']);
  await assert.rejects(asOperator(t, { 'auth-provider': { name: 'azure' } }).list(), /kubelogin convert-kubeconfig/);
});

test('A token that no header can hold is not quoted in the error (W7).', async (t) => {
  script('plugin', credential({ token: 'one-secret\\ntwo' }));
  writeFileSync(join(folder, 'token'), 'one-secret\ntwo');
  for (const user of [exec('./plugin'), { tokenFile: 'token' }, { token: 'one-secret\u2028two' }])
    await assert.rejects(asOperator(t, user).list(), (error) => !String(error).includes('secret'));
  // kubectl knows no such field, so no file is read for it.
  await asAzure(t, { 'token-file': join(folder, 'token') }).list();
  assert.deepEqual(server.seen, [undefined]);
});

test("The environment's proxy applies to the API server as to Azure; NO_PROXY and this machine go straight.", async (t) => {
  const asked: string[] = [];
  const proxy = createProxy(createServer());
  proxy.on('connect', (request) => asked.push(request.url ?? ''));
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
    for (const variable of ['HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY']) delete process.env[variable];
  });
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const rows: readonly [env: NodeJS.ProcessEnv, goesThrough: boolean][] = [
    [{ HTTPS_PROXY: address }, true],
    [{ ALL_PROXY: address }, true],
    [{ HTTPS_PROXY: address, NO_PROXY: 'example.com,127.0.0.2' }, false],
    [{}, false],
  ];
  for (const [env, goesThrough] of rows) {
    asked.length = 0;
    for (const variable of ['HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY']) delete process.env[variable];
    Object.assign(process.env, env);
    await asOperator(t, { token: 't' }).list();
    assert.deepEqual(asked, goesThrough ? [server.url.replace('https://', '')] : [], JSON.stringify(env));
  }
});
