import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { readPinnedVersion } from '../../lab/tools/catalogue.ts';
import { findPrograms, locateCachedProgram, providePrograms } from '../../lab/tools/programs.ts';

let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hepflow-programs-'));
  env = { PATH: `${folder}/path:/usr/bin:/bin`, XDG_CACHE_HOME: `${folder}/cache`, HOME: folder };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function script(path: string, body: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}
const versioned = (path: string, version: string): string => script(path, `echo "Client Version: v${version}"`);

/** Stands in for Go: says its version, and "builds" a file of a line that tells how often it was asked. */
const fakeGo = (version: string): string =>
  script(
    `${folder}/path/go`,
    `[ "$1" = version ] && echo "go version go${version} linux/amd64" && exit\necho built >> ${folder}/builds\nsleep 0.5\nwhile [ "$1" != -o ]; do shift; done\necho '#!/bin/sh' > "$2"; chmod 755 "$2"`,
  );

test('the versions are read from the pinned modules', () => {
  assert.deepEqual(
    [readPinnedVersion('etcd'), readPinnedVersion('kubectl'), readPinnedVersion('temporal')],
    ['3.6.5', '1.35.4', '1.5.1'],
  );
});

test('a program on PATH is taken only with the pinned version', async () => {
  versioned(`${folder}/path/kubectl`, '1.32.4-dispatcher');
  assert.deepEqual(await findPrograms(['kubectl'], { ...env, PATH: `${folder}/path` }), {});
  versioned(`${folder}/path/kubectl`, '1.35.4');
  assert.deepEqual(await findPrograms(['kubectl'], env), { kubectl: `${folder}/path/kubectl` });
});

test('KUBEBUILDER_ASSETS comes before PATH, what was built before that, HEPFLOW_TOOLS before all and whatever its version', async () => {
  const onPath = versioned(`${folder}/path/kubectl`, '1.35.4');
  assert.equal((await findPrograms(['kubectl'], env)).kubectl, onPath);
  const asset = versioned(`${folder}/assets/kubectl`, '1.35.4');
  env = { ...env, KUBEBUILDER_ASSETS: dirname(asset) };
  assert.equal((await findPrograms(['kubectl'], env)).kubectl, asset);
  const built = versioned(locateCachedProgram('kubectl', env), '1.35.4');
  assert.equal((await findPrograms(['kubectl'], env)).kubectl, built);
  const given = versioned(`${folder}/tools/kubectl`, '1.1.1');
  assert.equal((await findPrograms(['kubectl'], { ...env, HEPFLOW_TOOLS: dirname(given) })).kubectl, given);
});

test('what is missing is built once, though two ask at the same time', async () => {
  fakeGo('1.25.3');
  const said: string[] = [];
  const both = await Promise.all([
    providePrograms(['etcd'], (line) => said.push(line), env),
    providePrograms(['etcd'], () => {}, env),
  ]);
  assert.deepEqual(both, [{ etcd: locateCachedProgram('etcd', env) }, { etcd: locateCachedProgram('etcd', env) }]);
  const { readFileSync } = await import('node:fs');
  assert.equal(readFileSync(`${folder}/builds`, 'utf8'), 'built\n');
});

test('without Go, or with an old one, the message names the program and the remedy', async () => {
  const noGo = { ...env, PATH: `${folder}/path` };
  await assert.rejects(
    providePrograms(['etcd', 'temporal'], () => {}, noGo),
    /Go is needed to build etcd, temporal.*none on PATH.*Install Go 1\.25.*HEPFLOW_TOOLS/,
  );
  fakeGo('1.24.9');
  await assert.rejects(
    providePrograms(['etcd'], () => {}, env),
    /Go 1\.25 or newer is needed to build etcd; PATH has go version go1\.24\.9/,
  );
});

test('a build that fails leaves nothing behind, and says what Go said', async () => {
  script(
    `${folder}/path/go`,
    '[ "$1" = version ] && echo "go version go1.26.1 x" && exit\necho "proxy: no such host" >&2; exit 1',
  );
  await assert.rejects(
    providePrograms(['etcd'], () => {}, env),
    /etcd could not be built: proxy: no such host\nRemedy:/,
  );
  assert.equal(existsSync(locateCachedProgram('etcd', env)), false);
});
