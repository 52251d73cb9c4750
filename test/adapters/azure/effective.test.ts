/** Effective rules and routes, asked by the adapter, answered by the stand-in Azure out of its state. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addresses } from '../../../lab/scope.ts';
import { AzureError, findAccess, findRoute } from '../../../src/adapters/azure/index.ts';
import { createIds, nameResources } from '../../../src/ownership/names.ts';
import {
  type AzureUnderTest,
  clusterVnetId,
  contextOf,
  runRef,
  startAzureUnderTest,
  toolsOf,
} from '../../support/azure.ts';
import { locateWay, makeAll, makeGround } from '../../support/azure-steps.ts';

const signal = new AbortController().signal;
const [node = ''] = addresses.nodes;
const context = () => contextOf(runRef());

const ids = createIds(runRef());
const nicId = ids.interface;

/** `from`: the address of the VM's interface. */
async function withAll(work: (azure: AzureUnderTest, from: string) => Promise<void>): Promise<void> {
  await using azure = await startAzureUnderTest();
  const { nic } = await makeAll(toolsOf(azure.adapter()), context);
  await work(azure, nic.facts?.sourceAddress ?? assert.fail('the interface has no address'));
}

describe("an interface of a running VM, peered with the cluster's VNet", () => {
  test('is allowed to the nodes by the default rule, over the peering', () =>
    withAll(async (azure, from) => {
      const { effective } = azure.adapter();
      const [groups, routes] = await Promise.all([
        effective.securityGroups(nicId, signal),
        effective.routes(nicId, signal),
      ]);
      const flow = { from, to: node, port: 30_080 };
      assert.deepEqual(findAccess(groups, flow), { access: 'Allow', rule: 'defaultSecurityRules/AllowVnetOutBound' });
      assert.equal(findRoute(routes, node).nextHop, 'VNetPeering');
      assert.deepEqual(findRoute(routes, '192.168.1.9'), { nextHop: 'VnetLocal', prefix: '192.168.0.0/16' });
      assert.deepEqual(findRoute(routes, '172.20.0.1'), { nextHop: 'None', prefix: '172.16.0.0/12' });
      assert.deepEqual(findRoute(routes, '20.1.2.3'), { nextHop: 'Internet', prefix: '0.0.0.0/0' });
    }));

  test('is denied by a rule that somebody adds to its security group, which is named', () =>
    withAll(async (azure, from) => {
      const rule = {
        ...{ priority: 200, direction: 'Outbound', access: 'Deny', protocol: 'Tcp' },
        ...{
          sourceAddressPrefix: '*',
          sourcePortRange: '*',
          destinationAddressPrefix: 'VirtualNetwork',
          destinationPortRange: '30000-32767',
        },
      };
      await azure.byHand('PUT', ids.securityGroup, {
        location: runRef().location,
        properties: { securityRules: [{ name: 'no-node-ports', properties: rule }] },
      });
      const groups = await azure.adapter().effective.securityGroups(nicId, signal);
      const flow = { from, to: node, port: 30_080 };
      assert.deepEqual(findAccess(groups, flow), { access: 'Deny', rule: 'securityRules/no-node-ports' });
      assert.equal(findAccess(groups, { ...flow, port: 10_250 }).access, 'Allow');
    }));

  test('has no way to the nodes any more once one side of the peering is deleted', () =>
    withAll(async (azure, from) => {
      await azure.byHand('DELETE', locateWay(runRef()).peeringIds[1]);
      const { effective } = azure.adapter();
      assert.deepEqual(findRoute(await effective.routes(nicId, signal), node), {
        nextHop: 'None',
        prefix: '10.0.0.0/8',
      });
      assert.equal(
        findAccess(await effective.securityGroups(nicId, signal), { from, to: node, port: 1 }).rule,
        'defaultSecurityRules/DenyAllOutBound',
      );
    }));

  test("is guarded by its subnet's group too", () =>
    withAll(async (azure, from) => {
      const group = ids.securityGroup.replace(/[^/]+$/, 'subnet-group');
      const { location } = runRef();
      const rule = { priority: 100, direction: 'Outbound', access: 'Deny', protocol: '*' };
      await azure.byHand('PUT', group, {
        location,
        properties: { securityRules: [{ name: 'closed', properties: rule }] },
      });
      const subnet = { addressPrefix: '192.168.1.0/24', networkSecurityGroup: { id: group } };
      await azure.byHand('PUT', ids.network, {
        location,
        properties: {
          addressSpace: { addressPrefixes: ['192.168.0.0/16'] },
          subnets: [{ name: nameResources(runRef().runId).subnet, properties: subnet }],
        },
      });
      const groups = await azure.adapter().effective.securityGroups(nicId, signal);
      assert.equal(groups.length, 2);
      assert.deepEqual(findAccess(groups, { from, to: node, port: 30_080 }), {
        access: 'Deny',
        rule: 'securityRules/closed',
      });
    }));
});

test('an interface without a running VM has no answer, and the refusal says so', async () => {
  await using azure = await startAzureUnderTest();
  await makeGround(toolsOf(azure.adapter()), context);
  await assert.rejects(
    azure.adapter().effective.routes(nicId, signal),
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
  withAll(async (azure) => {
    azure.lab.faults.add({
      kind: 'failOperation',
      type: 'Microsoft.Network/networkInterfaces/effectiveRouteTable',
      code: 'InternalServerError',
    });
    await assert.rejects(
      azure.adapter().effective.routes(nicId, signal),
      (error) => error instanceof AzureError && error.code === 'InternalServerError',
    );
  }));

test('a wait that is given up ends at once', async () => {
  await using azure = await startAzureUnderTest({ durations: { effective: 60_000 } });
  await makeAll(toolsOf(azure.adapter()), context);
  const over = new AbortController();
  const asked = azure.adapter().effective.routes(nicId, over.signal);
  setTimeout(() => over.abort(new Error('enough')), 50);
  await assert.rejects(asked, /enough/);
});
