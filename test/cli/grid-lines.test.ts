import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatGrid, formatJudged } from '../../src/cli/grid-lines.ts';
import { formatTable } from '../../src/cli/step-lines.ts';
import type { GridCell, LiveProof, Progress } from '../../src/contract/messages.ts';
import { plain } from '../../src/report/text.ts';
import { passed } from '../report/runs.ts';

const cell = (change: Partial<GridCell> = {}): GridCell => ({
  target: 'node-a:30080',
  vantage: 'vm',
  phase: 'enforced',
  expected: 'DROP',
  observed: null,
  verdict: null,
  ...change,
});
const progress = (...grid: GridCell[]): Progress => ({
  runId: 'x',
  stage: 'enforced',
  waitingFor: 'probe enforced',
  steps: passed.steps.slice(0, 3),
  grid,
});
const proof = (stage: LiveProof['stage'], one: LiveProof['targets'][string]): LiveProof => ({
  phase: 'enforced',
  stage,
  targets: { 'node-a:30080': one },
});
const shown = (live: LiveProof | undefined, change: Partial<GridCell> = {}): string =>
  formatGrid(progress(cell(change)), live, plain)[1]?.trim() ?? '';

test('a port that is being probed shows what is known of it so far, and what is still to come', () => {
  const rows: [LiveProof | undefined, Partial<GridCell>, string][] = [
    [undefined, {}, 'not probed yet'],
    [proof('convergence', { seen: [], syns: 0, synsWanted: 9 }), {}, 'first look'],
    [proof('convergence', { seen: ['OPEN'], syns: 0, synsWanted: 9 }), {}, 'OPEN, waiting for DROP'],
    [proof('convergence', { seen: ['OPEN', 'DROP'], syns: 0, synsWanted: 9 }), {}, 'OPEN and DROP, as expected'],
    [proof('proof', { seen: [], syns: 7, synsWanted: 9 }), {}, '7 of 9 SYNs silent'],
    [proof('proof', { seen: ['DROP', 'OPEN'], syns: 3, synsWanted: 9 }), {}, '3 of 9 SYNs silent, but OPEN'],
    [proof('soak', { seen: ['DROP', 'DROP', 'DROP'], syns: 9, synsWanted: 9 }), {}, '9 of 9 SYNs silent; soaking'],
    [proof('proof', { seen: ['OPEN', 'OPEN'], syns: 0, synsWanted: 0 }), { expected: 'OPEN' }, 'OPEN x2'],
    [proof('proof', { seen: [], syns: 7, synsWanted: 9 }), { phase: 'second' }, 'not probed yet'],
  ];
  for (const [live, change, text] of rows)
    assert.ok(shown(live, change).endsWith(`  ${text}`), `${shown(live, change)} should end with ${text}`);
});

test('a judged port shows what was observed and the verdict, whatever an old heartbeat says', () => {
  const stale = proof('proof', { seen: [], syns: 7, synsWanted: 9 });
  assert.match(shown(stale, { observed: 'MIXED', verdict: 'FAIL' }), /^node-a:30080 {2}DROP {6}MIXED {8}FAIL$/);
});

test('the grid stands below the steps, and gives way where the terminal is too low for both; a run without one shows none', () => {
  const lines = (rows: number, grid = [cell()]): string =>
    formatTable(progress(...grid), '2026-01-01T00:01:05.000Z', { paint: plain, columns: 80, rows }).join('\n');
  assert.match(
    lines(40),
    /peerFromCluster[^\n]*\n\n {3}phase enforced {2}expected {2}observed\n {3}node-a:30080[^\n]*\n {3}enforced: probe enforced$/,
  );
  assert.doesNotMatch(lines(8), /node-a:30080/);
  assert.doesNotMatch(lines(40, []), /expected/);
  const { grid: _, ...old } = progress();
  assert.deepEqual(formatGrid(old, undefined, plain), []);
});

test('line by line, a port is told when it is judged, once, and not while it is probed', () => {
  const judged = cell({ observed: 'DROP', verdict: 'PASS' });
  assert.deepEqual(formatJudged(undefined, progress(cell()), 500), []);
  assert.deepEqual(formatJudged(progress(cell()), progress(judged), 12_300), [
    '+12.3 s        PASS node-a:30080 in phase enforced: expected DROP, observed DROP',
  ]);
  assert.deepEqual(formatJudged(progress(judged), progress(judged), 13_000), []);
  assert.equal(formatJudged(progress(judged), progress({ ...judged, phase: 'second' }), 13_000).length, 1);
});
