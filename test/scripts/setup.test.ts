import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const setup = join(import.meta.dirname, '../../scripts/setup');

test('set-up says all that is missing at once, each with its remedy, and changes nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-setup-'));
  try {
    // A machine with the basic commands, an old Node, another system, another user, and no npm, Go or Debian.
    mkdirSync(join(folder, 'bin'));
    for (const command of ['bash', 'dirname', 'sort', 'tr', 'sed', 'ls', 'env'])
      symlinkSync(`/usr/bin/${command}`, join(folder, 'bin', command));
    const says = {
      node: 'case "$1" in -v) echo v18.0.0;; *) echo 18;; esac',
      uname: 'echo Darwin',
      id: 'case "$1" in -u) echo 501;; *) echo somebody;; esac',
    };
    for (const [name, body] of Object.entries(says))
      writeFileSync(join(folder, 'bin', name), `#!/usr/bin/env bash\n${body}\n`, { mode: 0o755 });
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile('/usr/bin/bash', [setup], { env: { PATH: join(folder, 'bin'), HOME: folder } }, (error, _stdout, text) =>
        resolve({ code: error?.code, stderr: text }),
      );
    });
    assert.equal(code, 3, stderr);
    const lines = stderr.trim().split('\n');
    const expected = [
      /^Node 20 or newer.*v18\.0\.0.*nodejs\.org/,
      /^npm is needed/,
      /^The lab needs Linux.*Darwin/,
      /^The lab needs root.*somebody.*sudo/,
      /^Go 1\.25 or newer.*found: none.*go\.dev\/dl.*HEPFLOW_TOOLS/,
    ];
    for (const pattern of expected)
      assert.ok(
        lines.some((line) => pattern.test(line)),
        `${pattern} in ${stderr}`,
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
