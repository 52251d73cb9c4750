import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { CommandError } from '../../src/cli/exit-code.ts';
import { findProgram, handOver } from '../../src/cli/hand-over.ts';

const hepflow = (...args: string[]): Promise<{ code: number | string | undefined; stdout: string; stderr: string }> =>
  new Promise((resolve) =>
    execFile(process.execPath, [join(import.meta.dirname, '../../src/cli/main.ts'), ...args], (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    ),
  );

test('an installation without the program says what to do, exit code 3', async () => {
  await assert.rejects(handOver('self-test/is-not-here', [], 'Use a checkout.'), (error) => {
    assert.ok(error instanceof CommandError);
    assert.deepEqual([error.message, error.exitCode], ['Use a checkout.', 3]);
    return true;
  });
});

test('self-test lists its mutations, and refuses one that it does not know', async () => {
  const listed = await hepflow('self-test', '--list');
  assert.equal(listed.code, 0);
  assert.match(listed.stdout, /^policy selects nobody: /m);
  assert.deepEqual(await hepflow('self-test', '--only', 'the moon'), {
    code: 3,
    stdout: '',
    stderr: 'There is no mutation the moon; hepflow self-test --list names them.\n',
  });
});

test('a built checkout has the programs of the checkout, an installed package has not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-built-'));
  try {
    const built = pathToFileURL(join(folder, 'dist/src/cli/hand-over.js')).href;
    assert.equal(findProgram('test/self-test/main', built), undefined);
    mkdirSync(join(folder, 'test/self-test'), { recursive: true });
    writeFileSync(join(folder, 'test/self-test/main.ts'), '');
    assert.equal(findProgram('test/self-test/main', built), join(folder, 'test/self-test/main.ts'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
