import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { startTemporal } from '../../../lab/temporal/dev-server.ts';
import { providePrograms } from '../../../lab/tools/programs.ts';
import { commandsMentioning, openScope } from '../kubernetes/support.ts';

test("two dev servers run side by side; each knows hepflow's search attributes, and one serves the Web UI", async (t) => {
  const { scope, remove } = openScope();
  t.after(remove);
  const { temporal: program } = await providePrograms(['temporal']);
  const servers = await Promise.all([
    startTemporal({ scope, program, ui: true }),
    startTemporal({ scope, program, ui: false }),
  ]);
  t.after(() => Promise.all(servers.map((server) => server.stop())));
  for (const { address, namespace } of servers) {
    const connection = await Connection.connect({ address });
    t.after(() => connection.close());
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    assert.deepEqual(
      Object.keys(customAttributes)
        .filter((name) => name.startsWith('Hepflow'))
        .toSorted(),
      ['HepflowCluster', 'HepflowOutcome', 'HepflowPhase'],
    );
  }
  const [withUi, headless] = servers;
  assert.equal((await fetch(withUi?.uiUrl ?? '')).status, 200);
  assert.equal(headless?.uiUrl, '');
});

test('a dev server with a database file finds its runs again after a restart, and leaves no process', async (t) => {
  const { scope, remove } = openScope();
  t.after(remove);
  const { temporal: program } = await providePrograms(['temporal']);
  const options = { scope, program, ui: false, databaseFile: join(scope.directory, 'temporal.db') };
  const first = await startTemporal(options);
  t.after(() => first.stop());
  const before = await Connection.connect({ address: first.address });
  const { firstExecutionRunId } = await new Client({ connection: before }).workflow.start('nobody', {
    taskQueue: 'nobody',
    workflowId: 'kept',
  });
  await before.close();
  await first.stop();

  const second = await startTemporal(options);
  t.after(() => second.stop());
  const after = await Connection.connect({ address: second.address });
  t.after(() => after.close());
  const described = await new Client({ connection: after }).workflow.getHandle('kept').describe();
  assert.equal(described.runId, firstExecutionRunId);
  await second.stop();
  assert.deepEqual(await commandsMentioning(scope.directory), []);
});
