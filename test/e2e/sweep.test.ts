/** The sweeper on the real lab: whatever a terminated run left is found and removed, and nothing else is touched. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, type TestContext, test } from 'node:test';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type { Lab } from '../../lab/lab.ts';
import { cluster } from '../../lab/scope.ts';
import { type Progress, progressQuery, sweepWorkflowType, taskQueue } from '../../src/contract/messages.ts';
import type { SweepResult, SweepSpec } from '../../src/contract/sweep.ts';
import { listDifferences } from '../support/lab-state.ts';
import { listStepUses, listUndoUses } from '../support/steps.ts';
import { middles } from './middles.ts';
import { type OrderedWorld, startOrderedWorld, waitUntil } from './ordered-world.ts';
import { type Ended, root, run } from './world.ts';

/** Uses that a run is terminated in. */
const uses = [...listStepUses().filter(({ step, nth }) => step !== 'probe' || nth < 3), ...listUndoUses()];

const spec = JSON.parse(readFileSync(new URL('../../examples/run.json', import.meta.url), 'utf8')) as object;
const always = { ...spec, secondNode: { when: 'always' } };
const onSignal = { ...spec, secondNode: { when: 'on-signal', waitMs: 100_000 } };
const { subscriptionId, resourceGroup, name } = cluster;
const place: SweepSpec = { subscriptionId, resourceGroup, cluster: name, olderThanMs: 0 };
const lease = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/hepflow';

let world: OrderedWorld;
let connection: Connection;
let client: Client;

before(async () => {
  world = await startOrderedWorld(theirs);
  connection = await Connection.connect({ address: world.lab.temporal.address });
  client = new Client({ connection, namespace: world.lab.temporal.namespace });
});
after(async () => {
  await connection?.close();
  await world?.stop();
});

/**
 * What others have there, some of it named as a run would: no sweep may touch it, so it is part of the state that every
 * test compares with.
 */
async function theirs(lab: Lab): Promise<void> {
  const { api } = lab.cluster;
  await api.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'theirs', namespace: 'default' },
    spec: { ports: [{ port: 80 }] },
  });
  const policy = { apiVersion: 'projectcalico.org/v3', kind: 'GlobalNetworkPolicy', metadata: { name: 'theirs' } };
  await api.apply({ ...policy, spec: { order: 5, selector: 'nobody == "has-this"', types: ['Ingress'] } });
  await azureVnet(lab, 'hepflow-theirs-vnet', '172.20.0.0/16');
}

/** Made by somebody else, with the lab's own credentials and no SDK. */
async function azureVnet(lab: Lab, vnet: string, addressSpace: string): Promise<void> {
  const {
    AZURE_AUTHORITY_HOST: authority,
    AZURE_TENANT_ID: tenant,
    AZURE_CLIENT_ID: id,
    AZURE_CLIENT_SECRET: secret,
    NODE_EXTRA_CA_CERTS: ca = '',
  } = lab.environment;
  const script = `
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: '${id}', client_secret: '${secret}', scope: '${lab.azure.endpoint}/.default' });
    const { access_token } = await (await fetch('${authority}/${tenant}/oauth2/v2.0/token', { method: 'POST', body: form })).json();
    const url = '${lab.azure.endpoint}/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Network/virtualNetworks/${vnet}?api-version=2024-05-01';
    const headers = { authorization: 'Bearer ' + access_token, 'content-type': 'application/json' };
    const body = JSON.stringify({ location: '${cluster.location}', properties: { addressSpace: { addressPrefixes: ['${addressSpace}'] } } });
    const answer = await fetch(url, { method: 'PUT', headers, body });
    if (!answer.ok) throw new Error(await answer.text());
    for (;;) {
      const { properties } = await (await fetch(url, { headers })).json();
      if (properties.provisioningState === 'Succeeded') break;
    }`;
  const { code, stderr } = await run([process.execPath, '--input-type=module', '-e', script], {
    ...process.env,
    NODE_EXTRA_CA_CERTS: ca,
  });
  assert.equal(code, 0, stderr);
}

let sweeps = 0;
async function sweep(change: Partial<SweepSpec> = {}): Promise<SweepResult> {
  sweeps += 1;
  const options = { taskQueue, workflowId: `sweep-${sweeps}`, args: [{ ...place, ...change }] };
  return (await client.workflow.execute(sweepWorkflowType, options)) as SweepResult;
}

const decisions = ({ found }: SweepResult): string[] => [...new Set(found.map(({ decision }) => decision))];
const asBefore = async (): Promise<void> => {
  await world.assertAsBefore();
  assert.equal(await leaseHolder(), undefined);
};

async function leaseHolder(): Promise<string | undefined> {
  const { items } = await world.lab.cluster.api.read<{
    items: readonly { metadata: { name: string }; spec: { holderIdentity?: string } }[];
  }>(lease.replace(/\/hepflow$/, ''));
  return items.find(({ metadata }) => metadata.name === 'hepflow')?.spec.holderIdentity;
}

describe('a sweep leaves nothing, and touches nothing else, after a run that was terminated in the middle of', () => {
  for (const { step, nth, title } of uses) {
    test(title, async (t) => {
      const middle = step === 'undo' || (step === 'probe' && nth === 1) ? undefined : middles[step];
      const stopped = world.worker.stopped();
      const input = step === 'undo' ? { ...spec, secondNode: { when: 'never' } } : always;
      await world.run(t, input, { act: 'hold', step, nth }, async (handle) => {
        await Promise.race([stopped, handle.result()]);
        await middle?.slowDown?.(world.lab, world.vm);
        world.worker.goOn();
        if (middle !== undefined) await waitUntil(() => middle.isReached(world.lab, world.vm), handle);
        await handle.terminate('on purpose');
        await world.worker.settled();
      });
      const result = await sweep();
      t.diagnostic(`${result.found.length} things found`);
      assert.deepEqual(
        result.found.filter(({ decision }) => decision !== 'removed'),
        [],
      );
      if (step !== 'preflight') assert.ok(result.found.length > 0);
      assert.deepEqual([result.left, result.warnings], [0, []]);
      await asBefore();
    });
  }
});

const waitingForNode2 = (handle: WorkflowHandle): Promise<void> =>
  waitUntil(async () => (await handle.query<Progress>(progressQuery)).stage === 'waiting', handle);

const hepflow = (...args: string[]): Promise<Ended> =>
  run([process.execPath, `${root}/src/cli/main.ts`, ...args], { ...process.env, ...world.lab.environment });

const onIt = ['--subscription', subscriptionId, '-g', resourceGroup, '-c', name];

async function cliSweep(code: number, ...args: string[]): Promise<SweepResult> {
  const ended = await hepflow('sweep', ...onIt, '--json', ...args);
  assert.equal(ended.code, code, ended.stderr);
  return JSON.parse(ended.stdout) as SweepResult;
}

/** Keeps the run's things for the next look: `world.run` clears faults at its end. */
async function terminatedRun(t: TestContext, whileItLives: (handle: WorkflowHandle) => Promise<void>): Promise<void> {
  await world.run(t, onSignal, { act: 'nothing' }, async (handle) => {
    await waitingForNode2(handle);
    await whileItLives(handle);
    await handle.terminate('on purpose');
    await world.worker.settled();
  });
}

test('a sweep keeps what a living run has; of a dead one it only shows what is young, leaves what is locked, removes the rest', async (t) => {
  await terminatedRun(t, async (handle) => {
    const state = await world.state();
    const result = await sweep();
    assert.deepEqual([decisions(result), result.left], [['kept: its run lives'], 0]);
    assert.ok(result.found.every(({ owner, command }) => owner === handle.workflowId && command === ''));
    assert.deepEqual(listDifferences(state, await world.state()), {});
    assert.ok(await leaseHolder());
  });

  const state = await world.state();
  assert.deepEqual(decisions(await cliSweep(4, '--dry-run', '--older-than', '0')), ['would be removed']);
  assert.deepEqual(decisions(await cliSweep(4)), ['kept: too young']);
  assert.deepEqual(listDifferences(state, await world.state()), {});

  world.lab.azure.faults.add({
    kind: 'deny',
    method: 'DELETE',
    type: 'Microsoft.Network/publicIPAddresses',
    times: 'always',
    code: 'ScopeLocked',
  });
  const locked = await cliSweep(4, '--older-than', '0');
  world.lab.azure.faults.clear();
  const left = locked.found.filter(({ decision }) => decision !== 'removed');
  assert.deepEqual(
    left.map(({ what, decision, command }) => [
      what.replace(/[0-9a-f]{16}/, 'ID'),
      decision,
      command.startsWith('az network public-ip delete --ids /subscriptions/'),
    ]),
    [['public IP hepflow-ID-ip', 'kept: locked', true]],
  );

  const last = await cliSweep(0, '--older-than', '0');
  assert.deepEqual([last.found.length, last.left], [1, 0]);
  await asBefore();
});

test('a schedule starts sweeps by itself; it is listed, and deleted', async () => {
  const id = `hepflow-sweep-${name}`;
  const made = await hepflow('schedule', 'sweep', ...onIt, '--every', '1d');
  assert.deepEqual([made.code, made.stdout], [0, `Scheduled ${id}: every 1d.\n`], made.stderr);
  await client.schedule.getHandle(id).trigger();
  const started = async () => (await client.schedule.getHandle(id).describe()).info.recentActions[0]?.action;
  await waitUntil(async () => (await started()) !== undefined);
  const action = await started();
  assert.ok(action);
  const result = (await client.workflow
    .getHandle(action.workflow.workflowId, action.workflow.firstExecutionRunId)
    .result()) as SweepResult;
  assert.deepEqual([result.found, result.left], [[], 0]);
  await waitUntil(async () =>
    (JSON.parse((await hepflow('schedule', 'list', '--json')).stdout) as { id: string }[]).some(
      (each) => each.id === id,
    ),
  );
  assert.equal((await hepflow('schedule', 'delete', id)).code, 0);
  assert.equal((await hepflow('schedule', 'delete', id)).code, 3);
});
