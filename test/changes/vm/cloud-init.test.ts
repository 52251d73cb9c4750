import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { createCloudConfig } from '../../../src/changes/vm/cloud-init.ts';
import { deriveKeysOf } from '../../support/keys.ts';

const { host } = deriveKeysOf(Buffer.alloc(32, 5), '0a1b2c3d');

test('a YAML reader finds the host key as it was given, no other, and no passwords', () => {
  const text = createCloudConfig(host);
  assert.ok(text.startsWith('#cloud-config\n'));
  const config = parse(text);
  assert.deepEqual(config.ssh_keys, { ed25519_private: host.privateKey, ed25519_public: `${host.publicKey}\n` });
  assert.deepEqual(
    [config.ssh_deletekeys, config.ssh_pwauth, config.package_update, config.package_upgrade],
    [true, false, false, false],
  );
});

test('the same keys give the same text, which customData needs on a second try, and which fits into it (W9)', () => {
  assert.equal(createCloudConfig(host), createCloudConfig(deriveKeysOf(Buffer.alloc(32, 5), '0a1b2c3d').host));
  assert.ok(Buffer.from(createCloudConfig(host)).toString('base64').length < 64 * 1024);
});
