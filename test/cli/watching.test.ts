import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { finishSignal, type LiveProof } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import type { ProbeInput } from '../../src/contract/steps.ts';
import { type FakeBehaviour, failAs, fakeActivities, type Harness, spec, startHarness } from '../workflows/harness.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');
const question = 'Leave it running [Enter], cancel and undo [c]?';
const ctrlC = '\u0003';
const showsCursor = '\u001b[?25h';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness?.close());

/** A `hepflow watch` that a person sits before; by default on a pseudo-terminal. */
interface Screen {
  /** Waits until the text was shown; the end of the command before it is an error. */
  shows(text: string | RegExp): Promise<void>;
  type(keys: string): void;
  signal(name: NodeJS.Signals): void;
  /** Waits for the end: exit code, and everything that was shown. */
  end(): Promise<{ code: number | null; shown: string }>;
}

function watch(
  t: TestContext,
  id: string,
  command: readonly string[] = ['python3', join(import.meta.dirname, 'terminal.py')],
): Screen {
  const [file = '', ...args] = [...command, process.execPath, main, 'watch', id];
  const { CI: _, NO_COLOR: __, ...inherited } = process.env;
  const child = spawn(file, args, {
    env: { ...inherited, TERM: 'xterm', TEMPORAL_ADDRESS: harness.env.address },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  t.after(async () => {
    child.kill();
    await closed;
  });
  let shown = '';
  const looks = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    for (const look of looks) look();
  });
  return {
    shows: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (typeof text === 'string' ? !shown.includes(text) : !text.test(shown)) return;
          looks.delete(look);
          resolve();
        };
        looks.add(look);
        look();
        void closed.then(([code]) =>
          reject(new Error(`It ended with ${code} before it showed ${text}:\n${shown.slice(-2000)}`)),
        );
      }),
    type: (keys) => void child.stdin.write(keys),
    signal: (name) => void child.kill(name),
    end: async () => ({ code: (await closed)[0], shown }),
  };
}

/** A run that waits for the second node, for as long as `during` takes. */
const waiting = <T>(
  during: (handle: WorkflowHandle<() => Promise<Report>>) => Promise<T>,
  behaviour: FakeBehaviour = {},
): Promise<T> => harness.run(fakeActivities(behaviour), spec, during);

const finished = async (handle: WorkflowHandle<() => Promise<Report>>): Promise<void> => {
  await handle.signal(finishSignal);
  await handle.result();
};

test('Ctrl-C asks, and c cancels the run, follows the undo to its end, and leaves the terminal as it was', {
  timeout: 60_000,
}, async (t) => {
  await waiting(async (handle) => {
    const screen = watch(t, handle.workflowId);
    await screen.shows('awaitSignal');
    screen.type(ctrlC);
    await screen.shows(question);
    screen.type('c');
    const { code, shown } = await screen.end();
    assert.equal(code, 3, shown);
    assert.match(shown, /CANCELLED/);
    assert.match(shown, /releaseCluster/);
    assert.match(shown, /terminal: line by line\s*$/);
    assert.ok(shown.lastIndexOf(showsCursor) > shown.lastIndexOf('\u001b[?25l'));
    assert.equal((await handle.describe()).status.name, 'CANCELLED');
  });
});

for (const [name, keys] of [
  ['Enter', '\r'],
  ['a second Ctrl-C', ctrlC],
] as const) {
  test(`Ctrl-C asks, and ${name} leaves the run running, with exit code 130 and the way back`, {
    timeout: 60_000,
  }, async (t) => {
    await waiting(async (handle) => {
      const screen = watch(t, handle.workflowId);
      await screen.shows('awaitSignal');
      screen.type(ctrlC);
      await screen.shows(question);
      screen.type(keys);
      const { code, shown } = await screen.end();
      assert.equal(code, 130, shown);
      assert.match(shown, new RegExp(`Detached: the run goes on.\\s+hepflow watch ${handle.workflowId}`));
      assert.match(shown, /terminal: line by line\s*$/);
      assert.equal((await handle.describe()).status.name, 'RUNNING');
      await finished(handle);
    });
  });
}

test('a run that ends while the question stands is followed to its end', { timeout: 60_000 }, async (t) => {
  await waiting(async (handle) => {
    const screen = watch(t, handle.workflowId);
    await screen.shows('awaitSignal');
    screen.type(ctrlC);
    await screen.shows(question);
    await finished(handle);
    const { code, shown } = await screen.end();
    assert.equal(code, 0, shown);
    assert.match(shown, /terminal: line by line\s*$/);
  });
});

test('a watch that is terminated at its question restores the terminal too', { timeout: 60_000 }, async (t) => {
  await waiting(async (handle) => {
    const screen = watch(t, handle.workflowId);
    await screen.shows('awaitSignal');
    screen.type(ctrlC);
    await screen.shows(question);
    screen.signal('SIGTERM');
    const { code, shown } = await screen.end();
    assert.equal(code, 143, shown);
    assert.match(shown, /terminal: line by line\s*$/);
    assert.ok(shown.lastIndexOf(showsCursor) > shown.lastIndexOf('\u001b[?25l'));
    await finished(handle);
  });
});

test('without a terminal an interrupt asks nothing and leaves the run running', { timeout: 60_000 }, async (t) => {
  await waiting(async (handle) => {
    const screen = watch(t, handle.workflowId, []);
    await screen.shows(/waiting {3}awaitSignal/);
    screen.signal('SIGINT');
    const { code, shown } = await screen.end();
    assert.equal(code, 130);
    assert.match(shown, /Detached: the run goes on/);
    assert.ok(!shown.includes(question));
    assert.equal((await handle.describe()).status.name, 'RUNNING');
    await finished(handle);
  });
});

/** Silence so far, as the step tells it by heartbeat. */
const proofOf = ({ phase, expected }: ProbeInput, syns: number): LiveProof => ({
  phase,
  stage: 'proof',
  targets: Object.fromEntries(
    Object.entries(expected).map(([id, one]) => [
      id,
      one === 'DROP' ? { seen: [], syns, synsWanted: 9 } : { seen: ['OPEN', 'OPEN'], syns: 0, synsWanted: 0 },
    ]),
  ),
});

test('while a probe runs the grid shows how much of its proof there is, and its verdicts after it', {
  timeout: 60_000,
}, async (t) => {
  const { promise: judged, resolve: judge } = Promise.withResolvers<void>();
  const behaviour: FakeBehaviour = {
    before: async (step, input: ProbeInput) => {
      if (step !== 'probe' || input.phase !== 'enforced') return;
      Context.current().heartbeat(proofOf(input, 7));
      await judged;
    },
  };
  await waiting(async (handle) => {
    const screen = watch(t, handle.workflowId);
    await screen.shows(/node-a:30080 +DROP .*7 of 9 SYNs silent/);
    await screen.shows(/node-b:30080 +OPEN .*OPEN x2/);
    await screen.shows(/enforced: probe enforced since \d\d:\d\d:\d\dZ/);
    judge();
    await screen.shows(/node-a:30080 +DROP +DROP .*PASS/);
    await finished(handle);
    assert.equal((await screen.end()).code, 0);
  }, behaviour);
});

test('a failed try is shown while the step goes on, without a terminal too', { timeout: 60_000 }, async (t) => {
  const { promise: seen, resolve: see } = Promise.withResolvers<void>();
  const behaviour: FakeBehaviour = {
    before: async (step, _, attempt) => {
      if (step === 'createVm' && attempt === 1) failAs('AzureBusy', 'Another operation is in progress.');
      if (step === 'createVm') await seen;
    },
  };
  await waiting(async (handle) => {
    const screen = watch(t, handle.workflowId, []);
    await screen.shows(
      /running {3}createVm .*\(try 2\): the last try failed: AzureBusy: Another operation is in progress\./,
    );
    see();
    await screen.shows(/done {6}createVm .*\(try 2\)/);
    await screen.shows(/waiting {3}awaitSignal/);
    await finished(handle);
    assert.equal((await screen.end()).code, 0);
  }, behaviour);
});
