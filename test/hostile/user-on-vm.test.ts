/** The whole lab, with a hostile user on the probe VM from its first minute to its last. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { isMissing } from '../../src/contract/observation.ts';
import type { Report } from '../../src/contract/report.ts';
import { type OrderedWorld, startOrderedWorld } from '../e2e/ordered-world.ts';

const program = readFileSync(new URL('./user-on-vm.py', import.meta.url), 'utf8');

type Claim = 'silence' | 'flood' | 'noise';
const example = JSON.parse(readFileSync(new URL('../../examples/run.json', import.meta.url), 'utf8')) as object;
const spec = { ...example, secondNode: { when: 'always' } };
const policies = '/apis/projectcalico.org/v3/globalnetworkpolicies';

let world: OrderedWorld;
before(async () => {
  world = await startOrderedWorld(async () => {});
});
after(() => world?.stop());

/** Comes back for as long as the run lives, whatever ends it on the VM. */
class Intruder {
  forged = 0;
  /** What went wrong with it. */
  words = '';
  #isGone = false;
  #child: ChildProcess | undefined;
  readonly #staying: Promise<void>;

  constructor(claim: Claim) {
    this.#staying = this.#stay(claim);
  }

  async leave(): Promise<void> {
    this.#isGone = true;
    this.#child?.kill('SIGKILL');
    await this.#staying;
  }

  async #stay(claim: Claim): Promise<void> {
    for (; !this.#isGone; await sleep(50)) {
      // Its own title once it listens: `sshd: /usr/sbin/sshd -D -e [listener] ...`.
      const sshd = (await world.vm()).find(({ command }) => /^(sshd: )?\/usr\/sbin\/sshd -D/.test(command));
      if (sshd !== undefined && !this.#isGone) await this.#act(sshd.pid, claim);
    }
  }

  /** Does its work in the VM's own namespaces, as the unprivileged user that the run logs in as. */
  async #act(pid: number, claim: Claim): Promise<void> {
    const enter = ['--target', `${pid}`, '--mount', '--uts', '--ipc', '--net', '--pid', '--'];
    const user = ['setpriv', '--reuid', 'azureuser', '--regid', 'azureuser', '--clear-groups', '--reset-env'];
    const child = spawn('nsenter', [...enter, ...user, 'python3', '-I', '-c', program, claim], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.on('data', (data: Buffer) => (this.forged += data.toString().split('forged').length - 1));
    child.stderr.on('data', (data: Buffer) => (this.words = data.toString()));
    await once(child, 'close');
  }
}

async function endOf(handle: WorkflowHandle): Promise<Report> {
  try {
    return (await handle.result()) as Report;
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
    assert.ok(cause instanceof ApplicationFailure, String(error));
    return cause.details?.[0] as Report;
  }
}

for (const claim of ['silence', 'flood', 'noise'] as const)
  test(`a user of the VM who forges observations (${claim}) keeps no run from its end and no undo from its work`, {
    timeout: 240_000,
  }, async (t) => {
    const report = await world.run(t, spec, { act: 'nothing' }, async (handle) => {
      const intruder = new Intruder(claim);
      try {
        return await endOf(handle);
      } finally {
        await intruder.leave();
        t.diagnostic(`${intruder.forged} results forged`);
        assert.ok(intruder.forged > 0, `the user did nothing: ${intruder.words}`);
      }
    });
    assert.deepEqual(report.leftovers, []);
    await world.assertAsBefore();
    t.diagnostic(report.outcome);
    // The deny is true here, and proved by the prober's own connections; no forged claim stands beside them.
    const observations = report.evidence.slice(1).map(({ observation }) => observation);
    if (claim !== 'silence')
      assert.ok(
        observations.every((one) => one !== undefined && isMissing(one)),
        JSON.stringify(observations),
      );
  });

test('a user of the VM who forges silence makes no PASS of a policy that was removed', {
  timeout: 240_000,
}, async (t) => {
  const { api } = world.lab.cluster;
  const report = await world.run(t, spec, { act: 'nothing' }, async (handle) => {
    const intruder = new Intruder('silence');
    let isOver = false;
    const remove = async (): Promise<void> => {
      while (!isOver) {
        const { items } = (await api.call('GET', policies)) as { items: { metadata: { name: string } }[] };
        for (const { metadata } of items.filter(({ metadata: { name } }) => name.includes('frontend')))
          await api.call('DELETE', `${policies}/${metadata.name}`).catch(() => {});
        await sleep(20);
      }
    };
    const removing = remove();
    try {
      return await endOf(handle);
    } finally {
      isOver = true;
      await removing;
      await intruder.leave();
    }
  });
  assert.notEqual(report.outcome, 'PASS', report.summary);
  assert.deepEqual(report.leftovers, []);
  await world.assertAsBefore();
  t.diagnostic(report.outcome);
});
