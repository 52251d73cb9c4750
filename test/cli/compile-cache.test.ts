import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

const main = join(import.meta.dirname, '../../src/cli/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'hepflow-cache-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the real program with this cache home, and a shared temporary folder of its own. */
async function runWith(cache: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const shared = mkdtempSync(join(folder, 'tmp-'));
  const given = { PATH: '/none', HOME: '/none', TMPDIR: shared, XDG_CACHE_HOME: cache, ...env };
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'run', '--help'], { env: given });
  assert.match(stdout, /^Usage: hepflow run/);
  assert.deepEqual(readdirSync(shared), [], 'nothing is kept in the shared temporary folder');
}

const makeFolder = (...parts: readonly string[]): string => {
  const path = join(folder, ...parts);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
};
const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('compiled code is kept in a folder that only the user can write to', async () => {
  const cache = join(makeFolder('good'), 'made');
  await runWith(cache);
  assert.deepEqual([cache, join(cache, 'hepflow'), join(cache, 'hepflow/node')].map(modeOf), [0o700, 0o700, 0o700]);
  assert.equal(readdirSync(join(cache, 'hepflow/node')).length, 1, 'Node keeps its cache there');
  await runWith('', { HOME: makeFolder('home') });
  assert.equal(
    readdirSync(join(folder, 'home/.cache/hepflow/node')).length,
    1,
    'and in ~/.cache without XDG_CACHE_HOME',
  );
  await runWith('relative', { HOME: join(folder, 'nobody') });
  assert.ok(!existsSync(join(folder, 'nobody')), 'a home that is not there is not made');
});

const hostile: readonly [what: string, prepare: (cache: string) => string][] = [
  ['the folder is a link', (cache) => link(cache, 'hepflow/node')],
  ['the folder above is a link', (cache) => link(cache, 'hepflow')],
  ['the group may write to it', (cache) => open(cache, 'hepflow/node', 0o770)],
  ['everybody may write above it', (cache) => open(cache, 'hepflow', 0o707)],
  ['everybody may write to the cache home', (cache) => open(cache, '', 0o777)],
];

for (const [what, prepare] of hostile)
  test(`no code is taken from or put into the cache where ${what}`, async () => {
    const cache = makeFolder(what, 'cache');
    const target = prepare(cache);
    await runWith(cache);
    assert.deepEqual(readdirSync(target), []);
  });

test('no code is taken from a folder of another user', { skip: process.getuid?.() !== 0 }, async () => {
  const cache = makeFolder('other');
  const target = open(cache, 'hepflow/node', 0o700);
  chownSync(target, 65_534, 65_534);
  await runWith(cache);
  assert.deepEqual(readdirSync(target), []);
});

function link(cache: string, name: string): string {
  const elsewhere = makeFolder(`of-link-${name.replace('/', '-')}`);
  const path = join(cache, name);
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  symlinkSync(elsewhere, path);
  return elsewhere;
}

function open(cache: string, name: string, mode: number): string {
  const path = join(cache, name);
  const target = join(cache, 'hepflow/node');
  mkdirSync(target, { recursive: true, mode: 0o700 });
  chmodSync(path, mode);
  return target;
}
