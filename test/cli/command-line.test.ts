import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** Runs the real program without anything of the caller's environment that steers it. */
function hepflow(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'src/cli/main.ts'), ...args],
      { env: { PATH: '/none', HOME: '/none', ...env }, timeout: 30_000 },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      },
    );
  });
}

test('help names every command and the exit codes', async () => {
  const { code, stdout } = await hepflow(['--help']);
  assert.equal(code, 0);
  for (const word of [
    'run',
    'watch',
    'label-node-2',
    'finish',
    'cancel',
    'report',
    'list',
    'doctor',
    'ssh',
    'worker',
    'lab',
    'self-test',
  ])
    assert.match(stdout, new RegExp(`^  ${word}\\b`, 'm'));
  assert.match(stdout, /0 all PASS, 1 a FAIL, 2 INCONCLUSIVE, 3 could not run, 4 something is left behind/);
});

test('an unknown command or option ends with 3 and says where help is', async () => {
  for (const args of [['fly'], ['run', '--colour'], ['report', 'x', '--format', 'pdf']]) {
    const { code, stderr } = await hepflow(args);
    assert.equal(code, 3);
    assert.match(stderr, /hepflow --help tells more/);
  }
});

test('a wrong spec is refused with every problem, and Temporal is not even asked', async () => {
  const { code, stderr } = await hepflow(['run', '--cluster', '-', '--second-node', 'always']);
  assert.equal(code, 3);
  assert.match(stderr, /3 problems; nothing was started/);
  for (const field of ['subscriptionId', 'resourceGroup', 'cluster'])
    assert.match(stderr, new RegExp(`^  ${field} must be`, 'm'));
});

test('a spec file that is missing is named', async () => {
  assert.match((await hepflow(['run', '-f', '/none.yaml'])).stderr, /\/none\.yaml cannot be read: ENOENT/);
});

test('a server that is not there is told with its address and the remedy, exit code 3', async () => {
  const { code, stderr } = await hepflow(['list'], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
  assert.equal(code, 3);
  assert.match(stderr, /Temporal cannot be reached at 127\.0\.0\.1:1.*\nSet TEMPORAL_ADDRESS/);
});

test('a worker lists all that is wrong with its configuration, with flags and variables, and does not start', async () => {
  const { code, stderr } = await hepflow(['worker', '--poll-interval-ms', 'soon'], { HEPFLOW_METRICS: 'x' });
  assert.equal(code, 3);
  for (const part of [
    'HEPFLOW_KEY_SECRET_FILE (--key-secret-file)',
    'HEPFLOW_POLL_INTERVAL_MS (--poll-interval-ms)',
    'HEPFLOW_METRICS (--metrics)',
  ])
    assert.ok(stderr.includes(part), part);
});

test('the version is that of the package', async () => {
  assert.match((await hepflow(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});
