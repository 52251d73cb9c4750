import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { namePolicy } from '../../src/changes/policy/plan.ts';
import { createCloudConfig } from '../../src/changes/vm/cloud-init.ts';
import { resolveMission } from '../../src/config/run-spec.ts';
import { HepflowError } from '../../src/contract/failures.ts';
import { createTags } from '../../src/ownership/marks.ts';
import { createIds } from '../../src/ownership/names.ts';
import { signer } from '../support/signing.ts';
import { everyCase, nasty } from './cases.ts';

test('a cloud-config says what it was given, whatever text a key holds', (t) =>
  everyCase(t, 300, fc.tuple(nasty, nasty), ([publicKey, privateKey]) => {
    const text = createCloudConfig({ publicKey, privateKey });
    assert.ok(text.startsWith('#cloud-config\n'));
    const said = parse(text) as { ssh_pwauth: boolean; ssh_keys: Record<string, string> };
    assert.deepEqual(said.ssh_keys, { ed25519_private: privateKey, ed25519_public: `${publicKey}\n` });
    assert.equal(said.ssh_pwauth, false);
  }));

test('names, tags and ids of any spec that is accepted are those that Azure and Calico accept', (t) => {
  const runId = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) => n.toString(16).padStart(16, '0'));
  const group = fc.oneof(nasty, fc.string({ unit: fc.constantFrom(...'aZ09-_.()/ '), minLength: 1, maxLength: 92 }));
  const name = fc.oneof(nasty, fc.string({ unit: fc.constantFrom(...'az09-.'), minLength: 1, maxLength: 70 }));
  return everyCase(t, 700, fc.tuple(runId, group, name, name), ([id, resourceGroup, policy, tier]) => {
    const spec = {
      subscriptionId: '00000000-0000-4000-8000-000000000001',
      resourceGroup,
      cluster: 'c',
      policy: { name: policy, tier },
    };
    const mission = acceptedOf(spec);
    if (mission === undefined) return;
    const run = {
      expiresAt: '2026-10-02T10:00:00.000Z',
      runId: id,
      workflowId: `hepflow-c-${id}`,
      firstExecutionRunId: '0198c0de-0000-7000-8000-00000000cafe',
      startedAt: '2026-10-01T10:00:00.000Z',
      subscriptionId: mission.subscriptionId,
      resourceGroup,
      location: 'westeurope',
      cluster: { subscriptionId: mission.subscriptionId, resourceGroup, name: 'c' },
    };
    for (const each of Object.values(createIds(run))) {
      assert.equal(each.split('/')[4], resourceGroup, 'a group cannot leave its place in an id');
      assert.ok((each.split('/').at(-1)?.length ?? 99) <= 64, 'the shortest limit of the types in use');
      assert.ok(each.includes(id));
    }
    for (const [key, value] of Object.entries(createTags(run, createIds(run).vm, signer)))
      assert.ok(key.length <= 512 && value.length <= 256);
    assert.match(namePolicy(mission.policy), /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
  });
});

function acceptedOf(spec: unknown) {
  try {
    return resolveMission(spec);
  } catch (error) {
    if (error instanceof HepflowError) return undefined;
    throw error;
  }
}
