/**
 * What a new kind of change costs: its folder, its line in registry.ts, and its tests. Played on a copy of src/ with
 * the kind of test/changes/echo.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { violations } from '../../scripts/check-imports.ts';
import type { Azure } from '../../src/adapters/azure/index.ts';
import type { Cluster } from '../../src/adapters/kubernetes/index.ts';
import { resolveSweep } from '../../src/config/sweep-spec.ts';
import type { UndoEntry } from '../../src/contract/change.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import type { Tools } from '../../src/step/context.ts';
import { type Contents, fakeCluster, healthy } from '../preflight/fake-cluster.ts';
import { clusterVnetId } from '../support/azure.ts';
import { askFor, contextOf } from '../support/cluster.ts';
import { signer } from '../support/signing.ts';

const root = join(import.meta.dirname, '../..');
const copy = realpathSync(mkdtempSync(join(tmpdir(), 'hepflow-new-kind-')));
after(() => rmSync(copy, { recursive: true }));
const load = (file: string): Promise<unknown> => import(pathToFileURL(join(copy, 'src', file)).href);

before(() => {
  cpSync(join(root, 'src'), join(copy, 'src'), { recursive: true });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  symlinkSync(realpathSync(join(root, 'node_modules')), join(copy, 'node_modules'));
  const config = { extends: join(root, 'tsconfig.json'), include: ['src'] };
  writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify(config));
  const source = readFileSync(join(import.meta.dirname, 'echo/index.ts'), 'utf8');
  const moved = source.replaceAll("'../../../src/changes/", "'../").replaceAll("'../../../src/", "'../../");
  mkdirSync(join(copy, 'src/changes/echo'));
  writeFileSync(join(copy, 'src/changes/echo/index.ts'), moved);
  const registry = join(copy, 'src/changes/registry.ts');
  writeFileSync(registry, `${readFileSync(registry, 'utf8')}export { echo } from './echo/index.ts';\n`);
});

test('of the files that are there already, one is changed, by one line', () => {
  const list = (folder: string): string[] =>
    globSync('src/**/*', { cwd: folder, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .toSorted();
  const read = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8');
  const old = list(root);
  assert.deepEqual(
    list(copy).filter((file) => !old.includes(file)),
    ['src/changes/echo/index.ts'],
  );
  const changed = old.filter((file) => read(root, file) !== read(copy, file));
  assert.deepEqual(changed, ['src/changes/registry.ts']);
  const [before, now] = [root, copy].map((folder) => read(folder, 'src/changes/registry.ts').split('\n'));
  assert.deepEqual(
    now?.filter((line) => !before?.includes(line)),
    ["export { echo } from './echo/index.ts';"],
  );
  assert.equal(now?.length, (before?.length ?? 0) + 1);
});

test('it type-checks, and imports nothing that it may not', async () => {
  const compiler = join(root, 'node_modules/.bin/tsc');
  const { stdout } = await promisify(execFile)(compiler, ['-p', copy]).catch((error: { stdout: string }) => error);
  assert.equal(stdout, '');
  assert.deepEqual(violations(copy), []);
});

test('a scenario with it is planned: with its prior value read, its words, its undo, and its place', async () => {
  const { planRun } = (await load('preflight/plan.ts')) as typeof import('../../src/preflight/plan.ts');
  const { plan } = await playPlan(planRun, healthy);
  const echo = plan.phases[1]?.changes.at(-1);
  assert.deepEqual([echo?.id, echo?.phase, echo?.vantage, echo?.step], ['enforced.3', 'enforced', null, 'writeEcho']);
  assert.equal(echo?.words, 'The text hello in namespace default, where none was before');
  assert.deepEqual([echo?.undo?.undo, echo?.undo?.change, echo?.undo?.subject], ['eraseEcho', 'enforced.3', 'default']);
  const there = await playPlan(planRun, { ...healthy, 'configmaps/echo': {} });
  assert.match(there.plan.phases[1]?.changes.at(-1)?.words ?? '', /where one was before/);
});

test('preflight asks for its rights, and names those that are missing', async () => {
  const { inspectCluster } = (await load(
    'preflight/cluster/index.ts',
  )) as typeof import('../../src/preflight/cluster/index.ts');
  const cluster = fakeCluster({ refused: (verb, resource) => verb === 'create' && resource === 'configmaps' });
  const { problems } = await inspectCluster(askFor(), 'abcd1234', toolsOf(cluster));
  assert.deepEqual(
    problems.map(({ code, message }) => [code, message]),
    [['MissingRights', 'May not create configmaps in namespace default.']],
  );
});

test('its step and its undo are registered: what it makes is found by the sweep, and undone', async () => {
  const { createActivities } = (await load('activities/index.ts')) as typeof import('../../src/activities/index.ts');
  const { listApplies } = (await load('changes/index.ts')) as typeof import('../../src/changes/index.ts');
  const { findLeftovers } = (await load(
    'sweep/find-leftovers.ts',
  )) as typeof import('../../src/sweep/find-leftovers.ts');
  const { undoEach } = (await load('activities/undo.ts')) as typeof import('../../src/activities/undo.ts');
  const contents: Record<string, object | undefined> = {};
  const tools = toolsOf(writableCluster(contents));
  assert.equal(typeof createActivities(tools, { pollIntervalMs: 10 })['writeEcho'], 'function');

  const context = contextOf('0a1b2c3d');
  const applied = await listApplies()['writeEcho']?.({ namespace: 'default', text: 'hello' }, tools, context);
  assert.deepEqual(applied, { found: 'hello' });
  const { subscriptionId, resourceGroup, cluster } = context.run;
  const spec = { subscriptionId, resourceGroup, cluster: cluster.name };
  const { found } = await findLeftovers({ spec }, tools, context);
  assert.deepEqual(
    found.map(({ what, id, runId, runIs, owner }) => [what, id, runId, runIs, owner]),
    [['echo in default', 'ConfigMap/default/echo', '0a1b2c3d', 'over', context.run.workflowId]],
  );
  const entries = found.flatMap(({ undo }): UndoEntry[] => (undo === null ? [] : [undo]));
  const outcomes = await undoEach({ entries, observers: [] }, tools, context);
  assert.deepEqual(
    outcomes.map(({ outcome, detail }) => [outcome, detail]),
    [['done', 'The echo is gone.']],
  );
  assert.equal(contents['configmaps/echo'], undefined);
  assert.deepEqual((await findLeftovers({ spec }, tools, context)).found, []);
});

/** The workshop with an echo in its second phase, planned on a cluster that holds this. */
async function playPlan(planRun: typeof import('../../src/preflight/plan.ts').planRun, contents: Contents) {
  const [first, second, ...rest] = askFor().scenario.phases;
  assert.ok(second);
  const changes = [...second.changes, { kind: 'echo', namespace: 'default', text: 'hello' }];
  const scenario: Scenario = { ...askFor().scenario, phases: [first, { ...second, changes }, ...rest] };
  const nodes = ['node-a', 'node-b'].map((name) => ({ name, internalIp: '10.240.0.4' }));
  const calico = { flavour: 'oss', version: 'v3.32.1', api: 'projectcalico.org/v3' };
  const site = { nodes, readyNodes: [], clusterVnetId, calico } as unknown as Parameters<typeof planRun>[1]['site'];
  const at = { run: contextOf().run, site };
  return { plan: await planRun(scenario, at, 'default/w/first', fakeCluster({ contents })) };
}

function toolsOf(cluster: Cluster): Tools {
  const nothing = { list: async () => [], get: async () => undefined };
  // Nothing is in Azure, whatever is asked for.
  const azure = new Proxy({}, { get: () => nothing }) as Azure;
  return {
    azure,
    clusters: { of: async () => cluster, close: async () => {} },
    temporal: { namespace: 'default', isOver: async () => true, findTrouble: async () => undefined },
    resolveSweep,
    signer,
  } as Partial<Tools> as Tools;
}

/** A cluster that keeps what is created, until it is deleted. */
function writableCluster(contents: Record<string, object | undefined>): Cluster {
  const cluster = fakeCluster({ contents });
  const createOrFind = async ({ plural }: { plural: string }, name: string, body: object) => {
    contents[`${plural}/${name}`] = body;
    return { object: body, isNew: true };
  };
  const remove = async ({ plural }: { plural: string }, { metadata: { name } }: { metadata: { name: string } }) => {
    delete contents[`${plural}/${name}`];
  };
  return { ...cluster, createOrFind, delete: remove } as unknown as Cluster;
}
