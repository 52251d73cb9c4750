import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readAllowFile } from '../../src/config/allow-file.ts';
import { resolveReaderOptions } from '../../src/config/worker-options.ts';
import { allowLists } from '../../src/contract/allow.ts';

const folder = mkdtempSync(join(tmpdir(), 'hepflow-allow-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const example = join(import.meta.dirname, '../../deploy/allow.yaml');

function file(content: string, mode = 0o644): string {
  const path = join(folder, 'allow.yaml');
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

const problemsOf = (HEPFLOW_ALLOW: string): string => {
  try {
    resolveReaderOptions({}, { HEPFLOW_ALLOW, AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_CLIENT_SECRET: 's' });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

test('The example of deploy/ has every list, and a file may leave any of them out.', () => {
  assert.deepEqual(Object.keys(readAllowFile({ value: example }).lists).toSorted(), Object.keys(allowLists).toSorted());
  assert.deepEqual(readAllowFile({ value: file('images: ["a:b:c:*"]') }).lists, { images: ['a:b:c:*'] });
});

test('A file that is wrong keeps the worker from starting, with every problem at once.', () => {
  const wrong = [
    ...['subscriptions: [all]', 'resourceGroups: []', 'clusters: [lab]', 'workloadNamespaces: default'],
    ...['images: [Canonical]', 'sshSources: [203.0.113.7]', 'tenants: [x]'],
  ];
  const said = problemsOf(file(wrong.join('\n')));
  assert.match(said, /^HEPFLOW_ALLOW \(--allow\) must hold lists of what is allowed/);
  for (const each of [
    /subscriptions\[0\] must be a GUID .*got "all"/,
    /resourceGroups must name at least one/,
    /clusters\[0\] must be \/subscriptions\/ID/,
    /workloadNamespaces must be a list/,
    /images\[0\] must be PUBLISHER:OFFER/,
    /sshSources\[0\] must be an IPv4 CIDR/,
    /tenants is not one of the lists\./,
  ])
    assert.match(said, each);
});

test('A file that others may write to, that is none, or that is no YAML keeps it from starting.', () => {
  assert.match(problemsOf(file('', 0o666)), /must be writable by its owner only.*chmod go-w/);
  assert.match(problemsOf(file('[a')), /HEPFLOW_ALLOW .* cannot be read/);
  assert.match(problemsOf('/nowhere'), /HEPFLOW_ALLOW .* cannot be read: \/nowhere/);
  assert.match(problemsOf(file('- a')), /must be an object/);
});
