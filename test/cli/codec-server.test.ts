import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

function codecServer(...args: string[]): Promise<{ code: number; stderr: string }> {
  const program = join(import.meta.dirname, '../../src/cli/main.ts');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, 'codec-server', ...args],
      { env: { PATH: '/none', HOME: '/none' }, timeout: 60_000 },
      (error, _stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stderr });
      },
    );
  });
}

test('the codec server does not start without a key ring, on a port that is none, or for what is no origin', async () => {
  const rows: readonly [string[], RegExp][] = [
    [[], /HEPFLOW_PAYLOAD_KEY is needed/],
    [['--port', '70000'], /0 to 65535/],
    [['--origin', 'localhost'], /must be an origin/],
  ];
  for (const [args, says] of rows) {
    const { code, stderr } = await codecServer(...args);
    assert.equal(code, 3, stderr);
    assert.match(stderr, says);
  }
});
