import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNetworkBody } from '../../../src/changes/network/body.ts';
import { networkSettings } from '../../support/azure-steps.ts';
import { sampleRun } from '../../support/sample-run.ts';

test('the subnet has no default outbound access', () => {
  const { addressSpace, subnets } = createNetworkBody(sampleRun, networkSettings);
  assert.deepEqual(addressSpace, { addressPrefixes: ['192.168.0.0/16'] });
  assert.deepEqual(subnets, [{ name: 'probe', addressPrefix: '192.168.1.0/24', defaultOutboundAccess: false }]);
});
