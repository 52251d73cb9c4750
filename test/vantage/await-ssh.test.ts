import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createSsh, SshError } from '../../src/adapters/ssh/index.ts';
import { failures, type HepflowError } from '../../src/contract/failures.ts';
import type { StepContext, Tools } from '../../src/step/context.ts';
import { classifySshError } from '../../src/step/failures/ssh.ts';
import { awaitSsh } from '../../src/vantage/await-ssh.ts';
import { type Sshd, startSshd } from '../adapters/ssh/sshd.ts';
import { deriveKeysOf } from '../support/keys.ts';
import { sampleRun as run } from '../support/sample-run.ts';

const keys = deriveKeysOf(Buffer.alloc(32, 3), '0a1b2c3d');
const ssh = createSsh({ connectTimeoutMs: 10_000, keepaliveMs: 1000 });

let sshd: Sshd;
before(async () => {
  sshd = await startSshd(keys);
});
after(() => sshd.stop());

const session = () => ({ address: '127.0.0.1', adminUser: sshd.username });

/** The step dials port 22; here sshd listens elsewhere. */
function setting(port: () => number, signal = new AbortController().signal) {
  const beats: unknown[] = [];
  const tools: Pick<Tools, 'ssh' | 'keysOf'> = {
    ssh: { run: (target, command, options) => ssh.run({ ...target, port: port() }, command, options) },
    keysOf: () => keys,
  };
  const heartbeat = (state: unknown): unknown => beats.push(state);
  const context: StepContext = { run, attempt: 1, signal, heartbeat, resume: undefined, pollIntervalMs: 10 };
  return { tools, context, beats };
}

test('SSH is awaited through a refused connection, and gives kernel and Python', async () => {
  let tries = 0;
  const { tools, context, beats } = setting(() => (tries++ < 3 ? 1 : sshd.port));
  const { found, facts } = await awaitSsh(session(), tools, context);
  assert.match(found, /^kernel \d+\.\d+\S*, Python 3\.\d+\S*$/);
  assert.equal(found.split(' ')[1], `${facts?.kernel},`);
  assert.equal(beats.length, 3);
  assert.match(JSON.stringify(beats[0]), /127\.0\.0\.1:1 cannot be reached/);
});

test('a strange host key is not waited out', async () => {
  const { tools, context, beats } = setting(() => sshd.port);
  const strange = { ...tools, keysOf: () => ({ ...keys, host: deriveKeysOf(Buffer.alloc(32, 4), 'x').host }) };
  await assert.rejects(
    awaitSsh(session(), strange, context),
    (error) => error instanceof SshError && classifySshError(error).code === 'SshHostKeyChanged',
  );
  assert.deepEqual(beats, []);
});

test('a refused key is waited for, until the step is cancelled', async () => {
  const controller = new AbortController();
  const { tools, context } = setting(() => sshd.port, controller.signal);
  const refused = { ...tools, keysOf: () => ({ ...keys, client: deriveKeysOf(Buffer.alloc(32, 4), 'x').client }) };
  let beats = 0;
  const patient = {
    ...context,
    heartbeat: () => {
      beats += 1;
      if (beats === 3) controller.abort(new Error('cancelled'));
    },
  };
  await assert.rejects(awaitSsh(session(), refused, patient), { name: 'AbortError' });
  assert.equal(beats, 3);
});

test('a VM without python3 is looked at again twice, and then told as broken: nothing heals it', async () => {
  const { context } = setting(() => 0);
  const bare = { stdout: '6.8.0\n', stderr: 'sh: 1: python3: not found\n', exitCode: 127 };
  const tools = { ssh: { run: async () => bare }, keysOf: () => keys };
  const codes: string[] = [];
  for (const attempt of [1, 2, 3])
    await awaitSsh(session(), tools, { ...context, attempt }).catch((error: HepflowError) => codes.push(error.code));
  assert.deepEqual(codes, ['ProberFailed', 'ProberFailed', 'ProberBroken']);
  assert.equal(failures.ProberBroken.retry, 'never');
});
