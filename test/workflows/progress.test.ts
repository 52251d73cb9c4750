import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GridCell, Progress } from '../../src/contract/messages.ts';
import { renderDetails } from '../../src/workflows/progress.ts';

const cell: GridCell = {
  ...{ phase: 'enforced', vantage: 'vm', target: 'node-a:30080' },
  ...{ expected: 'DROP', observed: null, verdict: null },
};
const progress = (grid?: readonly GridCell[]): Progress => ({
  runId: 'x',
  stage: 'enforced',
  waitingFor: 'probe enforced since 12:34:56Z',
  steps: [],
  ...(grid && { grid }),
});

test('the details for the Web UI say since when what is waited for, and show the grid while a phase is probed and after it', () => {
  const probing = renderDetails(progress([cell]), []);
  assert.match(probing, /\*\*Run x\*\*: enforced; waiting for probe enforced since 12:34:56Z/);
  assert.match(probing, /\| node-a:30080 \| enforced \| DROP \| ⏳ being probed \| {2}\|/);
  assert.match(
    renderDetails(progress([{ ...cell, observed: 'OPEN', verdict: 'FAIL' }]), []),
    /\| node-a:30080 \| enforced \| DROP \| OPEN \| FAIL \|/,
  );
});

test('before the first probe there is no grid', () => {
  assert.doesNotMatch(renderDetails(progress(), []), /expected/);
  assert.doesNotMatch(renderDetails(progress([]), []), /expected/);
});
