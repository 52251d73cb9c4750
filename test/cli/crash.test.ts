/** However a process ends, its exit code is never 1 by chance: that is a FAIL of a run. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const main = join(import.meta.dirname, '../../src/cli/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'hepflow-crash-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const secret = join(folder, 'secret');
writeFileSync(secret, randomBytes(32), { mode: 0o600 });
const ring = join(folder, 'ring');
writeFileSync(ring, `k1:${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });

const principal = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_CLIENT_SECRET: 's' };
const base = { ...principal, HEPFLOW_KEY_SECRET_FILE: secret, HEPFLOW_PAYLOAD_KEY: ring, HOME: folder };

/** The program, whose end is awaited; `within` it is let know. */
async function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  within?: (child: ReturnType<typeof spawn>) => void,
) {
  const child = spawn(process.execPath, [main, ...args], { env: { ...base, ...env }, stdio: 'pipe' });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  within?.(child);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return { code, signal, stderr };
}

const crash = (statement: string): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`setTimeout(() => { ${statement} }, 1500)`)}`,
});

for (const [what, statement] of [
  ['An exception', 'throw new Error("boom \\u001b[2J")'],
  ['A rejection', 'Promise.reject(new Error("boom \\u001b[2J"))'],
] as const)
  test(`${what} that nothing catches is told without controls, and ends the process with 3.`, {
    timeout: 60_000,
  }, async () => {
    const { code, stderr } = await run(['codec-server', '--port', '0'], crash(statement));
    assert.equal(code, 3, stderr);
    assert.match(stderr, /hepflow ended unexpectedly: Error: boom \?\[2J\n {4}at /);
  });

test('A Node that cannot load the program is told so, with 3; one that can goes on.', async () => {
  const file = join(import.meta.dirname, '../../src/cli/crash.ts');
  const under = async (version: string) => {
    const code = `(await import(${JSON.stringify(file)})).requireNode(${JSON.stringify(version)})`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'pipe' });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    return [(await once(child, 'close'))[0], stderr] as const;
  };
  for (const version of ['20.20.2', '22.18.0']) {
    const [code, stderr] = await under(version);
    assert.equal(code, 3);
    assert.match(stderr, /^hepflow needs Node 22\.19 or newer; this is /);
  }
  for (const version of ['22.19.0', '24.0.0']) assert.deepEqual(await under(version), [0, '']);
});

test('A reader that goes away ends the process without a word, and not as a PASS or a FAIL.', {
  timeout: 60_000,
}, async () => {
  const { code, stderr } = await run(['run', '--help'], {}, (child) => child.stdout?.destroy());
  assert.deepEqual([code, stderr], [141, '']);
});

const unstartable: readonly [what: string, env: NodeJS.ProcessEnv, says: RegExp][] = [
  ['a profile that is not there', { TEMPORAL_PROFILE: 'absent' }, /Profile 'absent' not found/],
  ['an address that is a URL', { TEMPORAL_ADDRESS: 'https://127.0.0.1:7233' }, /reached at https:.*\(TLS off\)/],
  ['a certificate that is not there', { TEMPORAL_TLS_CLIENT_CERT_PATH: '/absent.pem' }, /ENOENT.*\/absent\.pem/],
  ['a server that is not there', { TEMPORAL_ADDRESS: '127.0.0.1:1' }, /reached at 127\.0\.0\.1:1 \(TLS off\)/],
];
for (const [what, env, says] of unstartable)
  test(`A worker that cannot start for ${what} says so and ends with 3.`, { timeout: 120_000 }, async () => {
    const { code, stderr } = await run(['worker'], env);
    assert.equal(code, 3, stderr);
    assert.match(stderr, says);
  });

test('A worker that waits for a server which does not answer ends at the first TERM.', {
  timeout: 120_000,
}, async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { code, signal } = await run(['worker'], { TEMPORAL_ADDRESS: `127.0.0.1:${port}` }, (child) =>
    server.once('connection', () => child.kill('SIGTERM')),
  );
  assert.deepEqual([code, signal], [0, null]);
});
