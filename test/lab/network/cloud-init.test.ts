import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCloudConfig } from '../../../lab/machines/cloud-init.ts';

const rows: readonly { name: string; text: string; hostKey: boolean; notes: readonly RegExp[] }[] = [
  { name: 'no custom data', text: '', hostKey: false, notes: [] },
  { name: 'a script', text: '#!/bin/sh\nreboot', hostKey: false, notes: [/does not start with #cloud-config/] },
  {
    name: 'a host key',
    text: '#cloud-config\nssh_deletekeys: true\nssh_keys: {ed25519_private: PRIVATE, ed25519_public: PUBLIC}\n',
    hostKey: true,
    notes: [],
  },
  { name: 'half a host key', text: '#cloud-config\nssh_keys: {ed25519_private: PRIVATE}\n', hostKey: false, notes: [] },
  {
    name: 'what the lab does not carry out',
    text: '#cloud-config\nwrite_files: []\npackages: [jq]\n',
    hostKey: false,
    notes: [/^write_files: /, /^packages: /],
  },
  { name: 'broken YAML', text: '#cloud-config\nssh_keys: {', hostKey: false, notes: [/not YAML/] },
  { name: 'a list', text: '#cloud-config\n- a\n', hostKey: false, notes: [/not a YAML map/] },
  { name: 'nothing but the heading', text: '#cloud-config\n', hostKey: false, notes: [] },
];

for (const { name, text, hostKey, notes } of rows) {
  test(`cloud-init reads ${name}, and notes what it leaves out`, () => {
    const read = readCloudConfig(text);
    assert.deepEqual(read.hostKey, hostKey ? { private: 'PRIVATE\n', public: 'PUBLIC\n' } : undefined);
    assert.equal(
      read.notes.length >= notes.length && (notes.length > 0 || read.notes.length === 0),
      true,
      read.notes.join('; '),
    );
    for (const [at, note] of notes.entries()) assert.match(read.notes[at] ?? '', note);
  });
}
