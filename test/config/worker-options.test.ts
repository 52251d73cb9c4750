import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inspect } from 'node:util';
import { checkCredentials } from '../../src/config/credentials.ts';
import { resolveReaderOptions, resolveWorkerOptions, type WorkerFlags } from '../../src/config/worker-options.ts';
import { HepflowError } from '../../src/contract/failures.ts';

const folder = mkdtempSync(join(tmpdir(), 'hepflow-options-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}
const secret = 'a secret that is long enough, 32+';
const principal = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_CLIENT_SECRET: 's' };
const good = { ...principal, HEPFLOW_KEY_SECRET_FILE: file('secret', secret) };

function errorOf(flags: WorkerFlags, env: NodeJS.ProcessEnv): HepflowError {
  try {
    resolveWorkerOptions(flags, env);
  } catch (error) {
    assert.ok(error instanceof HepflowError);
    return error;
  }
  throw new Error('nothing was refused');
}

test('a secret file and a credential are enough; the rest is the public cloud', () => {
  const { azure, taskQueue, pollIntervalMs, logLevel, sshProxyUrl, kubeconfigFile, metricsAddress, healthAddress } =
    resolveWorkerOptions({}, good);
  assert.deepEqual(azure, {
    cloud: 'public',
    armEndpoint: 'https://management.azure.com',
    armScope: 'https://management.azure.com/.default',
    authorityHost: undefined,
  });
  assert.deepEqual([taskQueue, pollIntervalMs, logLevel], ['hepflow', 2000, 'INFO']);
  assert.deepEqual(
    [sshProxyUrl, kubeconfigFile, metricsAddress, healthAddress],
    [undefined, undefined, undefined, undefined],
  );
});

test('a flag wins over the environment, that over the file, that over the default', () => {
  const config = file('options.yaml', 'taskQueue: from-file\nlogLevel: warn\npollIntervalMs: 50\n');
  const { taskQueue, logLevel, pollIntervalMs } = resolveWorkerOptions(
    { config, taskQueue: 'from-flag' },
    { ...good, HEPFLOW_TASK_QUEUE: 'from-env', HEPFLOW_LOG_LEVEL: 'debug' },
  );
  assert.deepEqual([taskQueue, logLevel, pollIntervalMs], ['from-flag', 'DEBUG', 50]);
});

test('sovereign clouds bring their endpoints; a custom one must name its own', () => {
  assert.equal(
    resolveWorkerOptions({ azureCloud: 'china' }, good).azure.authorityHost,
    'https://login.chinacloudapi.cn',
  );
  assert.deepEqual(
    resolveWorkerOptions(
      {},
      {
        ...good,
        HEPFLOW_AZURE_CLOUD: 'custom',
        HEPFLOW_ARM_ENDPOINT: 'https://127.0.0.1:8443/',
        AZURE_AUTHORITY_HOST: 'https://localhost:1',
      },
    ).azure,
    {
      cloud: 'custom',
      armEndpoint: 'https://127.0.0.1:8443',
      armScope: 'https://127.0.0.1:8443/.default',
      authorityHost: 'https://localhost:1',
    },
  );
  assert.match(errorOf({ azureCloud: 'custom' }, good).message, /HEPFLOW_ARM_ENDPOINT \(--arm-endpoint\) is needed/);
});

test('every problem is told at once, each with flag and variable', () => {
  const error = errorOf(
    { pollIntervalMs: '1.5', config: file('bad.yaml', 'colour: red') },
    {
      HEPFLOW_KEY_SECRET_FILE: join(folder, 'none'),
      HEPFLOW_ARM_ENDPOINT: 'http://management.azure.com',
      HEPFLOW_AZURE_CLOUD: 'moon',
      HEPFLOW_SSH_PROXY: 'socks://user:hush@x',
      HEPFLOW_KUBECONFIG: '/none',
      HEPFLOW_LOG_LEVEL: 'loud',
      HEPFLOW_METRICS: '9464',
    },
  );
  const fields = error.problems.map(({ field }) => field.split(' ')[0]);
  assert.deepEqual(
    new Set(fields),
    new Set([
      'HEPFLOW_CONFIG',
      'HEPFLOW_AZURE_CLOUD',
      'HEPFLOW_ARM_ENDPOINT',
      'HEPFLOW_KEY_SECRET_FILE',
      'HEPFLOW_SSH_PROXY',
      'HEPFLOW_KUBECONFIG',
      'HEPFLOW_POLL_INTERVAL_MS',
      'HEPFLOW_LOG_LEVEL',
      'HEPFLOW_METRICS',
      'Azure',
    ]),
  );
  assert.equal(error.code, 'InvalidInput');
  assert.doesNotMatch(error.message, /hush/);
});

for (const [name, content, mode, says] of [
  ['open', secret, 0o644, /mode 644\. chmod 600/],
  ['short', 'short', 0o600, /at least 32 bytes; .* has 5\. openssl rand -out/],
] as const) {
  test(`a secret file that is ${name} is refused with the remedy`, () => {
    assert.match(errorOf({ keySecretFile: file(name, content, mode) }, principal).message, says);
  });
}

test('without a secret file the message says how to make one', () => {
  assert.match(
    errorOf({}, principal).message,
    /HEPFLOW_KEY_SECRET_FILE \(--key-secret-file\) is needed.*openssl rand -out FILE 32 && chmod 600 FILE/,
  );
});

test('printing the options tells no secret (W7)', () => {
  const options = resolveWorkerOptions({}, { ...good, HEPFLOW_SSH_PROXY: 'http://user:hush@127.0.0.1:1' });
  assert.equal(options.keySecret().toString(), secret);
  assert.equal(options.sshProxyUrl?.(), 'http://user:hush@127.0.0.1:1');
  assert.doesNotMatch(inspect(options, { depth: 9 }) + JSON.stringify(options), /hush|long enough/);
});

test('a worker without any credential is told which are missing and how to give them', () => {
  assert.equal(
    errorOf({}, { HEPFLOW_KEY_SECRET_FILE: good.HEPFLOW_KEY_SECRET_FILE, PATH: folder }).code,
    'CredentialsMissing',
  );
  assert.equal(checkCredentials({ AZURE_CLIENT_ID: 'c' }, '/none')[0]?.field, 'AZURE_TENANT_ID, AZURE_CLIENT_SECRET');
  assert.match(checkCredentials({}, '/none')[0]?.remedy ?? '', /AZURE_TENANT_ID.*managed identity.*az login/);
});

test('each way of DefaultAzureCredential counts as a credential', () => {
  const identity = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c' };
  file('az', '', 0o755);
  const ways = [
    principal,
    { ...identity, AZURE_FEDERATED_TOKEN_FILE: file('token', 't') },
    { ...identity, AZURE_CLIENT_CERTIFICATE_PATH: file('certificate', 'c') },
    { IDENTITY_ENDPOINT: 'http://x' },
    { PATH: folder },
  ];
  for (const env of ways) assert.deepEqual(checkCredentials(env, '/none'), []);
  assert.deepEqual(checkCredentials({}, file('tag', '7783-7084-3265-9085-8269-3286-77\n')), []);
});

test('a token or certificate file that cannot be read is a problem at the start, whatever else could give a credential', () => {
  const identity = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', PATH: folder };
  for (const name of ['AZURE_FEDERATED_TOKEN_FILE', 'AZURE_CLIENT_CERTIFICATE_PATH']) {
    const [problem] = checkCredentials({ ...identity, [name]: '/nope' }, '/none');
    assert.deepEqual([problem?.code, problem?.field], ['CredentialsMissing', name]);
    assert.match(problem?.message ?? '', /must name a file that can be read; got \/nope\./);
  }
  assert.deepEqual(checkCredentials({ ...principal, AZURE_FEDERATED_TOKEN_FILE: '/nope' }, '/none'), []);
});

test('who only reads needs no secret of SSH keys, and is refused for the same mistakes otherwise', () => {
  assert.equal(resolveReaderOptions({}, principal).azure.armEndpoint, 'https://management.azure.com');
  assert.equal(errorOf({}, principal).problems.length, 1, 'a worker needs it');
  assert.throws(() => resolveReaderOptions({ azureCloud: 'mars' }, principal), { code: 'InvalidInput' });
  assert.throws(() => resolveReaderOptions({}, {}), { code: 'CredentialsMissing' });
});
