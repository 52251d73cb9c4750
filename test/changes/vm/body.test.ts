import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVmBody } from '../../../src/changes/vm/body.ts';
import { createIds } from '../../../src/ownership/names.ts';
import { vmSettings } from '../../support/azure-steps.ts';
import { sampleRun as run } from '../../support/sample-run.ts';

const keys = { clientPublicKey: 'ssh-ed25519 AAAA client', cloudConfig: '#cloud-config\n{}\n' };

test('the VM is Trusted Launch, key-only, keeps its interface and takes its named disk with it', () => {
  const body = createVmBody(run, vmSettings, 'Standard_B2ats_v2', keys);
  assert.equal(body.hardwareProfile.vmSize, 'Standard_B2ats_v2');
  assert.deepEqual(body.securityProfile, {
    securityType: 'TrustedLaunch',
    uefiSettings: { secureBootEnabled: true, vTpmEnabled: true },
  });
  assert.equal(body.storageProfile.osDisk.name, 'hepflow-0a1b2c3d-osdisk');
  assert.equal(body.storageProfile.osDisk.deleteOption, 'Delete');
  const id = createIds(run).interface;
  assert.match(id, /\/networkInterfaces\/hepflow-0a1b2c3d-nic$/);
  assert.deepEqual(body.networkProfile.networkInterfaces, [{ id, primary: true, deleteOption: 'Detach' }]);
  assert.deepEqual(body.osProfile.linuxConfiguration, {
    disablePasswordAuthentication: true,
    ssh: { publicKeys: [{ path: '/home/azureuser/.ssh/authorized_keys', keyData: keys.clientPublicKey }] },
  });
  assert.equal(Buffer.from(body.osProfile.customData, 'base64').toString(), keys.cloudConfig);
  assert.deepEqual(body.diagnosticsProfile, { bootDiagnostics: { enabled: true } });
});

for (const size of ['Standard_A1_v2', 'Basic_A0'])
  test(`size ${size}, which is of the first generation, is not Trusted Launch`, () => {
    assert.ok(!('securityProfile' in createVmBody(run, vmSettings, size, keys)));
  });
