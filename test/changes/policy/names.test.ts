import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPolicyNamed, namePolicy } from '../../../src/changes/policy/plan.ts';
import type { CalicoApi } from '../../../src/contract/report.ts';

test('in its storage Calico wants default.<name> too until v3.32, and where the version is not known', () => {
  const name = (version: string, api: CalicoApi = 'crd.projectcalico.org/v1', tier = 'default'): string =>
    namePolicy({ tier, name: 'a' }, { flavour: 'oss', version, api });
  assert.deepEqual(
    ['v3.31.7', 'v3.26.4', 'unknown', 'v2.6.0'].map((version) => name(version)),
    Array(4).fill('default.a'),
  );
  assert.deepEqual(
    ['v3.32.0', 'v3.33.1', 'v4.0.0'].map((version) => name(version)),
    ['a', 'a', 'a'],
  );
  assert.equal(name('v3.31.7', 'projectcalico.org/v3'), 'a');
  assert.equal(name('v3.32.1', 'crd.projectcalico.org/v1', 'security'), 'security.a');
});

test('a policy is called <tier>.<name> outside the tier default, and found under the older form inside it', () => {
  assert.equal(namePolicy({ tier: 'default', name: 'a' }), 'a');
  assert.equal(namePolicy({ tier: 'security', name: 'a' }), 'security.a');
  assert.equal(namePolicy({ tier: 'security', name: 'security.a' }), 'security.a');
  assert.ok(isPolicyNamed('default.a', { tier: 'default', name: 'a' }));
  assert.ok(!isPolicyNamed('security.a', { tier: 'default', name: 'a' }));
});
