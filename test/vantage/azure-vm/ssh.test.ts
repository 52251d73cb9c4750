/** When nobody answers on port 22, the failure names the rule of Azure that keeps SSH out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EffectiveGroup } from '../../../src/adapters/azure/index.ts';
import { SshError } from '../../../src/adapters/ssh/index.ts';
import type { Tools } from '../../../src/step/context.ts';
import { awaitVmSsh, describeDenial } from '../../../src/vantage/azure-vm/ssh.ts';
import { contextOf, failureOf, runRef } from '../../support/azure.ts';

const rule = (name: string, priority: number, access: string, sources: readonly string[], port = '22') => ({
  ...{ name, priority, access, sources, direction: 'Inbound', protocol: 'Tcp' },
  ...{ destinations: ['*'], sourcePorts: ['*'], destinationPorts: [port] },
});
const ssh = rule('securityRules/AllowRuleSSH', 1000, 'Allow', ['*']);
const rest = rule('defaultSecurityRules/DenyAllInBound', 65_500, 'Deny', ['*'], '0-65535');
const policy = rule('securityRules/DenyFromInternet', 100, 'Deny', ['Internet'], '0-65535');
const narrow = rule('securityRules/AllowRuleSSH', 1000, 'Allow', ['203.0.113.0/24']);

for (const [what, rules, says] of [
  ["the run's own rule lets everybody in", [rest, ssh], []],
  [
    'a rule of a policy comes first',
    [ssh, rest, policy],
    ['securityRules/DenyFromInternet (priority 100) denies tcp 22 from Internet'],
  ],
  [
    'only some are let in',
    [rest, narrow, rule('other', 10, 'Deny', ['*'], '443')],
    ['defaultSecurityRules/DenyAllInBound (priority 65500) denies tcp 22 from *, after 203.0.113.0/24 are let in'],
  ],
] as const)
  test(`effective rules, where ${what}`, () => assert.deepEqual(describeDenial({ rules }), says));

async function awaitWith(groups: () => Promise<readonly EffectiveGroup[]>): Promise<unknown> {
  const unreachable = new SshError('unreachable', '203.0.113.9:22 cannot be reached: timed out');
  const tools = {
    keysOf: () => ({ client: {}, host: {} }),
    ssh: { run: () => Promise.reject(unreachable) },
    azure: { effective: { securityGroups: groups } },
  } as unknown as Tools;
  return awaitVmSsh({ address: '203.0.113.9', adminUser: 'azureuser' }, tools, contextOf(runRef()));
}

test('the rule is in the failure; where Azure does not tell, the failure is as it was', async (t) => {
  let now = 0;
  t.mock.method(performance, 'now', () => (now += 61_000));
  const failure = await failureOf(awaitWith(async () => [{ rules: [policy, ssh] }, { rules: [ssh] }]));
  assert.equal(failure.code, 'SshUnreachable');
  assert.match(failure.message, /timed out\. Azure's effective rules: securityRules\/DenyFromInternet/);
  const refused = () => Promise.reject(new Error('no right'));
  await assert.rejects(awaitWith(refused), { name: 'SshError', kind: 'unreachable' });
});
