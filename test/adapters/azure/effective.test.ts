/** Effective rules and routes, asked by the adapter, answered by the stand-in Azure out of its state. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addresses } from '../../../lab/scope.ts';
import { AzureError, accessOf, routeOf } from '../../../src/adapters/azure/index.ts';
import { makeAll, makeGround } from '../../support/azure-steps.ts';
import {
  type AzureUnderTest,
  clusterVnetId,
  contextOf,
  runRef,
  startAzureUnderTest,
  toolsOf,
} from '../../support/azure.ts';

const signal = new AbortController().signal;
const [node = ''] = addresses.nodes;
const context = () => contextOf(runRef());

async function withAll(
  work: (azure: AzureUnderTest, made: Awaited<ReturnType<typeof makeAll>>) => Promise<void>,
): Promise<void> {
  await using azure = await startAzureUnderTest();
  await work(azure, await makeAll(toolsOf(azure.adapter()), context));
}

describe("an interface of a running VM, peered with the cluster's VNet", () => {
  test('is allowed to the nodes by the default rule, over the peering', () =>
    withAll(async (azure, { nic }) => {
      const { effective } = azure.adapter();
      const [groups, routes] = await Promise.all([
        effective.securityGroups(nic.id, signal),
        effective.routes(nic.id, signal),
      ]);
      const flow = { from: nic.privateAddress, to: node, port: 30_080 };
      assert.deepEqual(accessOf(groups, flow), { access: 'Allow', rule: 'defaultSecurityRules/AllowVnetOutBound' });
      assert.equal(routeOf(routes, node).nextHop, 'VNetPeering');
      assert.deepEqual(routeOf(routes, '192.168.1.9'), { nextHop: 'VnetLocal', prefix: '192.168.0.0/16' });
      assert.deepEqual(routeOf(routes, '172.20.0.1'), { nextHop: 'None', prefix: '172.16.0.0/12' });
      assert.deepEqual(routeOf(routes, '20.1.2.3'), { nextHop: 'Internet', prefix: '0.0.0.0/0' });
    }));

  test('is denied by a rule that somebody adds to its security group, which is named', () =>
    withAll(async (azure, { nic, securityGroup }) => {
      const rule = {
        ...{ priority: 200, direction: 'Outbound', access: 'Deny', protocol: 'Tcp' },
        ...{
          sourceAddressPrefix: '*',
          sourcePortRange: '*',
          destinationAddressPrefix: 'VirtualNetwork',
          destinationPortRange: '30000-32767',
        },
      };
      await azure.byHand('PUT', securityGroup.id, {
        location: runRef().location,
        properties: { securityRules: [{ name: 'no-node-ports', properties: rule }] },
      });
      const groups = await azure.adapter().effective.securityGroups(nic.id, signal);
      const flow = { from: nic.privateAddress, to: node, port: 30_080 };
      assert.deepEqual(accessOf(groups, flow), { access: 'Deny', rule: 'securityRules/no-node-ports' });
      assert.equal(accessOf(groups, { ...flow, port: 10_250 }).access, 'Allow');
    }));

  test('has no way to the nodes any more once one side of the peering is deleted', () =>
    withAll(async (azure, { nic, far }) => {
      await azure.byHand('DELETE', far.id);
      const { effective } = azure.adapter();
      assert.deepEqual(routeOf(await effective.routes(nic.id, signal), node), {
        nextHop: 'None',
        prefix: '10.0.0.0/8',
      });
      assert.equal(
        accessOf(await effective.securityGroups(nic.id, signal), { from: nic.privateAddress, to: node, port: 1 }).rule,
        'defaultSecurityRules/DenyAllOutBound',
      );
    }));

  test("is guarded by its subnet's group too", () =>
    withAll(async (azure, { nic, network, securityGroup }) => {
      const group = securityGroup.id.replace(/[^/]+$/, 'subnet-group');
      const { location } = runRef();
      const rule = { priority: 100, direction: 'Outbound', access: 'Deny', protocol: '*' };
      await azure.byHand('PUT', group, {
        location,
        properties: { securityRules: [{ name: 'closed', properties: rule }] },
      });
      const subnet = { addressPrefix: '192.168.1.0/24', networkSecurityGroup: { id: group } };
      await azure.byHand('PUT', network.id, {
        location,
        properties: {
          addressSpace: { addressPrefixes: ['192.168.0.0/16'] },
          subnets: [{ name: network.subnetId.split('/').at(-1), properties: subnet }],
        },
      });
      const groups = await azure.adapter().effective.securityGroups(nic.id, signal);
      assert.equal(groups.length, 2);
      assert.deepEqual(accessOf(groups, { from: nic.privateAddress, to: node, port: 30_080 }), {
        access: 'Deny',
        rule: 'securityRules/closed',
      });
    }));
});

test('an interface without a running VM has no answer, and the refusal says so', async () => {
  await using azure = await startAzureUnderTest();
  const { nic } = await makeGround(toolsOf(azure.adapter()), context);
  await assert.rejects(
    azure.adapter().effective.routes(nic.id, signal),
    (error) =>
      error instanceof AzureError &&
      error.status === 409 &&
      /not attached to a running virtual machine/.test(error.message),
  );
});

test('an interface that does not exist is a refusal too', async () => {
  await using azure = await startAzureUnderTest();
  const id = `${clusterVnetId.split('/providers/')[0]}/providers/Microsoft.Network/networkInterfaces/nobody`;
  await assert.rejects(
    azure.adapter().effective.securityGroups(id, signal),
    (error) => error instanceof AzureError && error.status === 404,
  );
});

test('an operation that fails in Azure tells its error', () =>
  withAll(async (azure, { nic }) => {
    azure.lab.faults.add({
      kind: 'failOperation',
      type: 'Microsoft.Network/networkInterfaces/effectiveRouteTable',
      code: 'InternalServerError',
    });
    await assert.rejects(
      azure.adapter().effective.routes(nic.id, signal),
      (error) => error instanceof AzureError && error.code === 'InternalServerError',
    );
  }));

test('a wait that is given up ends at once', async () => {
  await using azure = await startAzureUnderTest({ durations: { effective: 60_000 } });
  const { nic } = await makeAll(toolsOf(azure.adapter()), context);
  const over = new AbortController();
  const asked = azure.adapter().effective.routes(nic.id, over.signal);
  setTimeout(() => over.abort(new Error('enough')), 50);
  await assert.rejects(asked, /enough/);
});
