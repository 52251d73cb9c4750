import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPublicIpBody } from '../../../src/changes/public-ip/index.ts';
import { sampleRun } from '../../support/sample-run.ts';

test('the public address is a static Standard one', () => {
  const body = createPublicIpBody(sampleRun);
  assert.deepEqual(
    [body.sku.name, body.publicIPAllocationMethod, body.publicIPAddressVersion],
    ['Standard', 'Static', 'IPv4'],
  );
});
