import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPolicyNamed, namePolicy } from '../../../src/changes/policy/plan.ts';

test('a policy is called <tier>.<name> outside the tier default, and found under the older form inside it', () => {
  assert.equal(namePolicy({ tier: 'default', name: 'a' }), 'a');
  assert.equal(namePolicy({ tier: 'security', name: 'a' }), 'security.a');
  assert.equal(namePolicy({ tier: 'security', name: 'security.a' }), 'security.a');
  assert.ok(isPolicyNamed('default.a', { tier: 'default', name: 'a' }));
  assert.ok(!isPolicyNamed('security.a', { tier: 'default', name: 'a' }));
});
