/** A worker on a real Temporal server that cannot start there: a supervisor has to see its end. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { bundle } from '../../scripts/bundle.ts';
import { type Harness, startHarness } from './harness.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'hepflow-start-'));
let harness: Harness;
before(async () => {
  [harness] = await Promise.all([startHarness(), bundle()]);
});
after(async () => {
  await harness?.close();
  rmSync(folder, { recursive: true, force: true });
});

function startWorker(env: NodeJS.ProcessEnv): Promise<{ readonly code: unknown; readonly stderr: string }> {
  const secret = join(folder, 'secret');
  writeFileSync(secret, randomBytes(32), { mode: 0o600 });
  const principal = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_CLIENT_SECRET: 's' };
  const given = { ...principal, HOME: folder, HEPFLOW_KEY_SECRET_FILE: secret, TEMPORAL_ADDRESS: harness.env.address };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'worker'], { env: { ...given, ...env }, timeout: 100_000 }, (error, _, stderr) =>
      resolve({ code: error?.killed ? 'it went on' : error?.code, stderr }),
    );
  });
}

test('an unknown namespace ends it with 3', { timeout: 120_000 }, async () => {
  const { code, stderr } = await startWorker({ TEMPORAL_NAMESPACE: 'absent' });
  assert.equal(code, 3, stderr);
  assert.match(stderr, /absent/);
});

test('an address of its health that is taken ends it with 3', { timeout: 120_000 }, async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await startWorker({ HEPFLOW_HEALTH: `127.0.0.1:${port}` });
  assert.equal(code, 3, stderr);
  assert.match(stderr, /EADDRINUSE/);
});
