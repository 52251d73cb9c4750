import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findForbiddenLicences, listLicences } from '../../scripts/licences.ts';
import { createSbom } from '../../scripts/sbom.ts';
import { root } from '../../scripts/static-checks.ts';

test('the bill of materials names every package that hepflow runs with, its hash and its licence, and none of the tools', () => {
  const sbom = createSbom() as ReturnType<typeof createSbom> & {
    bomFormat: string;
    components: { name: string; hashes?: unknown[]; purl: string }[];
  };
  assert.deepEqual([sbom.bomFormat, sbom.specVersion, sbom.metadata.component.name], ['CycloneDX', '1.6', 'hepflow']);
  const names = sbom.components.map(({ name }) => name);
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly [list: string]: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies ?? {})) assert.ok(names.includes(name), name);
  for (const name of ['@biomejs/biome', 'fast-check', 'typescript']) {
    assert.ok(Object.hasOwn(devDependencies ?? {}, name));
    assert.ok(!names.includes(name), name);
  }
  for (const { name, licenses, hashes, purl } of sbom.components) {
    assert.ok((hashes?.length ?? 0) > 0 && /^pkg:npm\//.test(purl), name);
    assert.ok(licenses !== undefined || name === 'unionfs', `${name} has no licence`);
  }
});

test('a licence that asks for more than a notice is found, and one that is not told; what is installed has none', () => {
  const one = (licence: string): readonly string[] => findForbiddenLicences([{ name: 'x', version: '1', licence }]);
  for (const licence of ['GPL-3.0-only', 'MIT AND GPL-2.0-only', 'SEE LICENSE IN LICENSE', 'BUSL-1.1', ''])
    assert.equal(one(licence).length, 1, licence);
  for (const licence of ['MIT', '(MIT OR GPL-3.0-only)', 'Apache-2.0 AND MIT']) assert.deepEqual(one(licence), []);
  const all = listLicences(root);
  assert.ok(all.length > 100);
  assert.ok(all.some(({ name, licence }) => name === 'ssh2' && licence === 'MIT'));
  assert.deepEqual(findForbiddenLicences(all), []);
});

test('every dependency is pinned to one version', () => {
  const lists = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;
  for (const list of ['dependencies', 'devDependencies'])
    for (const [name, version] of Object.entries(lists[list] ?? {})) assert.match(version, /^\d+\.\d+\.\d+$/, name);
});
