import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createInterfaceBody } from '../../../src/changes/interface/index.ts';
import { createIds } from '../../../src/ownership/names.ts';
import { sampleRun as run } from '../../support/sample-run.ts';

test("the interface is in the run's subnet, with its public address and its security group", () => {
  const { subnet, publicIp, securityGroup } = createIds(run);
  const { networkSecurityGroup, ipConfigurations } = createInterfaceBody(run);
  assert.deepEqual(networkSecurityGroup, { id: securityGroup });
  assert.deepEqual(
    ipConfigurations.map((each) => [each.subnet.id, each.publicIPAddress.id, each.privateIPAllocationMethod]),
    [[subnet, publicIp, 'Dynamic']],
  );
});
