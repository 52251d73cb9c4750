import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkerStatus } from '@temporalio/worker';
import { serveHealth, type WorkerHealth } from '../../src/worker/health.ts';
import { takePulse } from '../../src/worker/pulse.ts';

const status = (runState: WorkerStatus['runState']) =>
  ({ runState, numInFlightActivities: 2, numInFlightWorkflowActivations: 1 }) as WorkerStatus;
const none = (): WorkerHealth => ({ status: undefined, answeredAt: null });

test('ready while the worker polls and Temporal answers; 503 when it drains, connects, or Temporal is silent', async () => {
  let now: WorkerHealth = { status: status('RUNNING'), answeredAt: new Date() };
  const health = await serveHealth('127.0.0.1:0', () => now);
  const ask = async (path: string, method = 'GET') => {
    const response = await fetch(`http://${health.address}${path}`, { method });
    return { code: response.status, text: await response.text() };
  };
  try {
    const polling = await ask('/readyz');
    assert.equal(polling.code, 200);
    assert.deepEqual(JSON.parse(polling.text), {
      ...{ healthy: true, state: 'RUNNING', temporalAnsweredAt: now.answeredAt?.toISOString() },
      ...{ activities: 2, workflowTasks: 1 },
    });
    const frozen = new Date(Date.now() - 60_000);
    for (const [is, state] of [
      [{ status: status('DRAINING'), answeredAt: new Date() }, 'DRAINING'],
      [{ status: status('RUNNING'), answeredAt: frozen }, 'RUNNING'],
      [{ status: status('RUNNING'), answeredAt: null }, 'RUNNING'],
      [{ status: undefined, answeredAt: null }, 'CONNECTING'],
    ] as const) {
      now = is;
      for (const path of ['/readyz', '/healthz']) {
        const { code, text } = await ask(path);
        assert.deepEqual([code, (JSON.parse(text) as { state: string }).state], [503, state], text);
      }
      assert.equal((await ask('/livez')).code, 200, 'nothing is mended by starting the process anew');
    }
  } finally {
    await health.close();
  }
});

test('HEAD and a query are answered, other methods and paths refused', async () => {
  const health = await serveHealth('127.0.0.1:0', () => ({ status: status('RUNNING'), answeredAt: new Date() }));
  const codeOf = async (path: string, method = 'GET') =>
    (await fetch(`http://${health.address}${path}`, { method })).status;
  try {
    assert.equal(await codeOf('/healthz', 'HEAD'), 200);
    assert.equal(await codeOf('/readyz?from=probe'), 200);
    assert.equal(await codeOf('/healthz', 'POST'), 405);
    for (const path of ['/other', '/', '/healthz/x']) assert.equal(await codeOf(path), 404);
  } finally {
    await health.close();
  }
});

test('the time of the last answer stays when Temporal falls silent', async () => {
  let answers = true;
  const asked: boolean[] = [];
  const pulse = takePulse(async () => {
    asked.push(answers);
    if (!answers) throw new Error('14 UNAVAILABLE');
  }, 5);
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  try {
    assert.equal(pulse.answeredAt(), null);
    await until(() => pulse.answeredAt() !== null);
    answers = false;
    await until(() => asked.filter((answer) => !answer).length === 1);
    const last = pulse.answeredAt();
    await until(() => asked.filter((answer) => !answer).length === 4);
    assert.equal(pulse.answeredAt(), last);
  } finally {
    pulse.stop();
  }
});

test('an address that is taken is refused, not ignored', async () => {
  const first = await serveHealth('127.0.0.1:0', none);
  try {
    await assert.rejects(serveHealth(first.address, none), /EADDRINUSE/);
  } finally {
    await first.close();
  }
});
