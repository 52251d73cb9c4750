import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { createProgressView } from '../../src/cli/progress-view.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import type { Progress } from '../../src/contract/messages.ts';
import { plain } from '../../src/report/text.ts';

test('without a terminal a step that takes long is told again each 30 s, so that no log is silent', () => {
  const stream = new PassThrough();
  const pipe = { stream, live: false, paint: plain, columns: () => 80, rows: () => 24 } as unknown as Terminal;
  const startedAt = '2026-01-01T00:00:00.000Z';
  let nowMs = Date.parse(startedAt);
  const view = createProgressView(pipe, () => nowMs);
  const step = { name: 'createVm', subject: '', outcome: 'running', startedAt, endedAt: null, attempts: 1, detail: '' };
  const waitingFor = 'createVm since 00:00:00Z';
  const progress = { runId: 'x', stage: 'provisioning', waitingFor, steps: [step] } as Progress;
  for (let second = 0; second <= 95; second += 1) {
    view.show(progress);
    nowMs += 1000;
  }
  assert.deepEqual(String(stream.read()).trimEnd().split('\n'), [
    '+0 ms          running   createVm',
    ...['30.0 s     ', '1 min 00 s ', '1 min 30 s '].map(
      (since) => `+${since}   still      provisioning: createVm since 00:00:00Z`,
    ),
  ]);
});
