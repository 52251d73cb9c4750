import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createInterfaceBody } from '../../src/changes/interface/index.ts';
import { createNetworkBody } from '../../src/changes/network/body.ts';
import { createPublicIpBody } from '../../src/changes/public-ip/index.ts';
import { createSecurityGroupBody } from '../../src/changes/security-group/index.ts';
import { createVmBody } from '../../src/changes/vm/body.ts';
import { networkSettings, securityGroupSettings, vmSettings } from '../support/azure-steps.ts';
import { sampleRun as run } from '../support/sample-run.ts';

test('everything that can carry tags carries the run id (W6)', () => {
  const bodies = [
    createNetworkBody(run, networkSettings),
    createPublicIpBody(run),
    createSecurityGroupBody(run, securityGroupSettings),
    createInterfaceBody(run),
    createVmBody(run, vmSettings, 'Standard_B2ts_v2', { clientPublicKey: 'key', cloudConfig: '#cloud-config\n' }),
  ];
  for (const { tags, location } of bodies) {
    assert.equal(tags['hepflow-run'], '0a1b2c3d');
    assert.equal(tags['expires-at'], '2026-01-03T03:04:05.000Z');
    assert.equal(location, 'westeurope');
  }
});
