/** Runs that did not end by themselves, as the real command line tells them: a real dev server, fake steps. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { auditReport, isVerified } from '../../src/audit/report.ts';
import { resolveSweep } from '../../src/config/sweep-spec.ts';
import { finishSignal, progressQuery, sweepWorkflowType } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import type { SweepActivities } from '../../src/contract/sweep.ts';
import { fakeActivities, type Harness, spec, startHarness } from '../workflows/harness.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
const watches = new Set<ChildProcess>();
after(async () => {
  for (const child of watches) child.kill();
  await harness?.close();
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const hepflow = (...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...process.env, TEMPORAL_ADDRESS: harness.env.address };
    execFile(process.execPath, [main, ...args], { env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });

/** A watch of which is known what it has shown. */
function watch(id: string): { readonly watching: Promise<Ended>; shown(text: string): Promise<void> } {
  const env = { ...process.env, TEMPORAL_ADDRESS: harness.env.address };
  const child = spawn(process.execPath, [main, 'watch', id], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  watches.add(child);
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const watching = once(child, 'close').then(([code]) => ({ code: Number(code), stdout, stderr: '' }));
  const shown = async (text: string): Promise<void> => {
    while (!stdout.includes(text)) await once(child.stdout, 'data');
  };
  return { watching, shown };
}

type Handle = WorkflowHandle<() => Promise<Report>>;

/** Until the run waits for its second node: by then it has changed what a first phase changes. */
async function untilItWaits(handle: Handle): Promise<void> {
  for (;;) {
    const { stage } = await handle.query<{ stage: string }>(progressQuery);
    if (stage === 'waiting') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const waiting = <T>(during: (handle: Handle) => Promise<T>): Promise<T> =>
  harness.run(fakeActivities(), spec, async (handle) => {
    await untilItWaits(handle);
    return during(handle);
  });

test('a terminated run is told as terminated: what it had changed is left behind, with the sweep that removes it', {
  timeout: 300_000,
}, async () => {
  const id = await waiting(async (handle) => {
    await handle.terminate('by an admin');
    const { code, stdout } = await hepflow('report', handle.workflowId);
    assert.equal(code, 4, stdout);
    assert.match(stdout, /: ERROR after/);
    assert.match(stdout, /was terminated at .*no chance to undo anything/);
    const { subscriptionId } = spec;
    const sweep = `hepflow sweep --subscription ${subscriptionId} --resource-group group --cluster cluster --older-than 0`;
    assert.ok(stdout.includes(sweep), stdout);
    assert.equal(stdout.split(sweep).length, 2, 'the one command is printed once');

    const json = JSON.parse((await hepflow('report', handle.workflowId, '--json')).stdout) as Report;
    assert.ok(isVerified(auditReport(json)), JSON.stringify(auditReport(json).checks));
    const left = json.leftovers.map(({ what }) => what);
    assert.deepEqual(
      left,
      json.changes.map(({ words }) => words),
    );
    assert.ok(left.length > 8, left.join());

    const watched = await hepflow('watch', handle.workflowId);
    assert.deepEqual([watched.code, /was terminated at/.test(watched.stdout)], [4, true], watched.stdout);
    return handle.workflowId;
  });
  const listed = await hepflow('list');
  assert.match(listed.stdout, new RegExp(`${id}.*TERMINATED.*\\?`));
  assert.match(listed.stdout, /hepflow report ID tells what is left/);
});

test('a terminated run of which no worker answers is told with the sweep too, exit code 4', {
  timeout: 300_000,
}, async () => {
  const id = await waiting(async (handle) => {
    await handle.terminate();
    return handle.workflowId;
  });
  for (const command of ['report', 'watch'] as const) {
    const { code, stderr } = await hepflow(command, id);
    assert.equal(code, 4, stderr);
    assert.match(stderr, /was terminated, .*\n.*hepflow sweep --file RUN-SPEC --older-than 0/);
  }
});

test('a run that was reset is followed on to its new end', { timeout: 300_000 }, async () => {
  // A run that was reset looks for what it made before.
  const findLeftovers: SweepActivities['findLeftovers'] = async ({ input: { spec: asked } }) => ({
    output: { sweep: resolveSweep(asked), found: [], warnings: [] },
    attempts: 1,
  });
  const fakes = { activities: { ...fakeActivities().activities, findLeftovers } };
  await harness.run(fakes, spec, async (handle) => {
    await untilItWaits(handle);
    const { runId } = (await handle.describe()) as { runId: string };
    const { events } = await handle.fetchHistory();
    const first = events?.find(({ workflowTaskCompletedEventAttributes: done }) => done != null)?.eventId;
    const { watching, shown } = watch(handle.workflowId);
    await shown('awaitSignal');
    await harness.env.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId, runId },
      workflowTaskFinishEventId: first ?? null,
      requestId: handle.workflowId,
      reason: 'trying',
    });
    const again = harness.env.client.workflow.getHandle(handle.workflowId) as unknown as Handle;
    await untilItWaits(again);
    await again.signal(finishSignal);
    const { code, stdout } = await watching;
    assert.match(stdout, /The run was reset: it goes on from an earlier point\./);
    assert.equal(code, 0, stdout);
  });
});

test('the report of a run that is under way ends with 5, which no gate takes for a PASS', {
  timeout: 300_000,
}, async () => {
  await waiting(async (handle) => {
    const { code, stdout } = await hepflow('report', handle.workflowId);
    assert.equal(code, 5, stdout);
    assert.match(stdout, /The run is under way: waiting/);
    await handle.signal(finishSignal);
    await handle.result();
  });
});

test('report and watch take the id of a sweep, and refuse that of any other workflow', {
  timeout: 300_000,
}, async () => {
  const findLeftovers = async () => ({
    output: { sweep: { ...spec, vmResourceGroup: 'group', olderThanMs: 0, dryRun: false }, found: [], warnings: [] },
    attempts: 1,
  });
  const { activities } = fakeActivities();
  const sweeping = { activities: { ...activities, findLeftovers } };
  await harness.run(
    sweeping,
    spec,
    async (handle) => {
      await handle.result();
      for (const command of ['report', 'watch'] as const) {
        const { code, stdout, stderr } = await hepflow(command, handle.workflowId);
        assert.equal(code, 0, stderr);
        assert.match(stdout, /Nothing carries the marks of a run/);
      }
      const { code, stderr } = await hepflow('report', handle.workflowId, '--format', 'html');
      assert.deepEqual([code, /There is no html of a sweep/.test(stderr)], [3, true], stderr);
    },
    { type: sweepWorkflowType },
  );
});

test('an id that is in use, a wrong limit and the VM of a run that is over are told as what they are', {
  timeout: 300_000,
}, async () => {
  await waiting(async (handle) => {
    const id = handle.workflowId;
    const { subscriptionId, resourceGroup, cluster } = spec;
    const place = ['--subscription', subscriptionId, '--resource-group', resourceGroup, '--cluster', cluster];
    const again = await hepflow('run', ...place, '--id', id);
    assert.equal(again.code, 3);
    assert.match(again.stderr, new RegExp(`A run ${id} is under way already\\. To follow it: hepflow watch ${id}`));
    for (const limit of ['x', '0', '-5']) {
      const { code, stderr } = await hepflow('list', `--limit=${limit}`);
      assert.deepEqual([code, /must be a whole number from 1 on/.test(stderr)], [3, true], stderr);
    }
    await handle.signal(finishSignal);
    await handle.result();
    const { code, stderr } = await hepflow('ssh', id);
    assert.deepEqual([code, stderr], [3, `The run ${id} is over, and its VM is removed.\n`]);
  });
});
