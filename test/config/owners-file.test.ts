import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { resolveWorkerOptions } from '../../src/config/worker-options.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'hepflow-owners-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

const random = 'a secret that is long enough, 32+';
function keep(name: string, mode = 0o600, content: string | Buffer = random): string {
  const file = join(folder, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

const environment = (file: string): NodeJS.ProcessEnv => ({
  ...{ PATH: '/none', HOME: '/none', HEPFLOW_KEY_SECRET_FILE: file, HEPFLOW_PAYLOAD_KEY: file },
});

/** What a worker that is started with this file as secret and as key ring prints before it ends. */
const startWorker = (file: string): Promise<string> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'src/cli/main.ts'), 'worker'],
      { env: environment(file), timeout: 60_000 },
      (error, _stdout, stderr) => resolve(error?.killed ? 'it hung' : stderr),
    );
  });

function problemsOf(file: string): string {
  try {
    resolveWorkerOptions({}, environment(file));
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

const hostile: readonly [what: string, file: () => string, says: RegExp, skip?: boolean][] = [
  ['a FIFO', makeFifo, /must be a regular file; .*fifo is none/],
  ['an endless device', () => '/dev/zero', /must be a regular file; \/dev\/zero is none/],
  ['a link to an endless device', () => link('/dev/zero'), /must be a regular file/],
  ['a folder', () => folder, /must be a regular file/],
  ['a file of more than 64 KiB', () => keep('large', 0o600, 's'.repeat(65_537)), /must hold at most 65536 bytes/],
  ['a file that others may read', () => keep('open', 0o640), /has mode 640\. chmod 600/],
  ['a file in a folder that all may write to', () => within(0o777), /only its owner writes to; .* has mode 777/],
  ['a file of another user', () => ofAnother(keep('foreign')), /must be owned by this user or by root/, !isRoot],
  ['a file in a folder of another user', inForeignFolder, /must lie in a folder of this user/, !isRoot],
];
for (const [what, file, says, skip = false] of hostile)
  test(`${what} is refused at once as secret and as key ring`, { skip }, async () => {
    const path = file();
    // What could hang is read by a process that can be ended.
    const text = /fifo|zero/.test(path) ? await startWorker(path) : problemsOf(path);
    for (const variable of ['HEPFLOW_KEY_SECRET_FILE', 'HEPFLOW_PAYLOAD_KEY'])
      assert.match(text.split('\n').find((line) => line.trim().startsWith(variable)) ?? text, says);
  });

test('a secret of Kubernetes is read by a pod that does not own it: of root, for the group of the pod (fsGroup)', {
  skip: !isRoot,
}, (t) => {
  const groups = process.getgroups?.() ?? [];
  t.after(() => process.setgroups?.(groups));
  const mounted = (name: string, mode: number, group: number): string => {
    const file = keep(`mounted-${name}/secret`, mode);
    chownSync(file, 0, group);
    return problemsOf(file);
  };
  process.setgroups?.([...groups, 2000]);
  for (const mode of [0o440, 0o640, 0o400])
    assert.doesNotMatch(mounted('ours', mode, 2000), /^HEPFLOW_KEY_SECRET_FILE/m);
  // What others may read, or the group may write, or another group may read, is no secret.
  for (const [mode, group] of [
    [0o444, 2000],
    [0o460, 2000],
    [0o660, 2000],
    [0o440, 3000],
    [0o440, 0],
  ] as const)
    assert.match(mounted('theirs', mode, group), /^HEPFLOW_KEY_SECRET_FILE .* has mode [46][46][04]/m);
});

test('zeros, and a few letters again and again, are no secret and no key', () => {
  for (const weak of [Buffer.alloc(32), Buffer.alloc(64, 'abc')]) {
    assert.match(problemsOf(keep('weak', 0o600, weak)), /^HEPFLOW_KEY_SECRET_FILE .* must be random; .* openssl rand/m);
    const ring = `k1:${weak.subarray(0, 32).toString('base64')}`;
    assert.match(problemsOf(keep('weak-ring', 0o600, ring)), /^HEPFLOW_PAYLOAD_KEY .* a key that is not random/m);
  }
});

test('files as an orchestrator mounts them are read: behind links, in a sticky folder', () => {
  const text = problemsOf(link(within(0o1777)));
  assert.doesNotMatch(text, /^HEPFLOW_KEY_SECRET_FILE/m);
  assert.match(text, /^HEPFLOW_PAYLOAD_KEY .* line 1 of .* has another form/m, 'it was read');
});

function makeFifo(): string {
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', ['-m', '600', path]);
  return path;
}

function link(target: string): string {
  const path = join(folder, `link-${target.replaceAll('/', '-')}`);
  symlinkSync(target, path);
  return path;
}

function within(mode: number): string {
  const file = keep(`in-${mode.toString(8)}/secret`);
  chmodSync(join(file, '..'), mode);
  return file;
}

function ofAnother(path: string): string {
  chownSync(path, nobody, nobody);
  return path;
}

function inForeignFolder(): string {
  const file = keep('theirs/secret');
  ofAnother(join(file, '..'));
  return file;
}
