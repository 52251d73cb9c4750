import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSecurityGroupBody } from '../../../src/changes/security-group/index.ts';
import { sampleRun } from '../../support/sample-run.ts';

for (const [allowed, field] of [
  [['*'], { sourceAddressPrefix: '*' }],
  [['198.51.100.0/24', '*'], { sourceAddressPrefix: '*' }],
  [['198.51.100.0/24'], { sourceAddressPrefix: '198.51.100.0/24' }],
  [['198.51.100.0/24', '203.0.113.7/32'], { sourceAddressPrefixes: ['198.51.100.0/24', '203.0.113.7/32'] }],
] as const) {
  test(`AllowRuleSSH for ${allowed.join(' and ')} is tcp 22 with priority 1000 from ${JSON.stringify(field)}`, () => {
    const [rule] = createSecurityGroupBody(sampleRun, { allowedSshSources: allowed }).securityRules;
    assert.deepEqual(rule, {
      name: 'AllowRuleSSH',
      priority: 1000,
      direction: 'Inbound',
      access: 'Allow',
      protocol: 'Tcp',
      ...field,
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      destinationPortRange: '22',
    });
  });
}
