import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareHistory, type RunHistory } from '../../src/audit/history.ts';
import { workflowType } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import { createReport } from './sample.ts';

const whole = createReport();
const completed: RunHistory = {
  ...{ workflowId: whole.workflowId, workflowType, taskQueue: 'hepflow' },
  firstExecutionRunId: whole.firstExecutionRunId,
  end: { event: 'event 131 (WorkflowExecutionCompleted)', left: structuredClone(whole) },
  memo: null,
  probes: whole.evidence.map((evidence, index) => ({ event: `event ${index} (ActivityTaskCompleted)`, evidence })),
};
const terminated: RunHistory = {
  ...completed,
  end: { event: 'event 60 (WorkflowExecutionTerminated)', left: undefined },
};
const sealed: RunHistory = { ...terminated, memo: { event: 'event 50 (Memo)', reportSeal: whole.seal?.sha256 ?? '' } };
const running: Report = { ...whole, outcome: 'RUNNING', seal: null, evidence: whole.evidence.slice(0, 2) };

const compare = (report: Report, history: RunHistory): readonly string[] =>
  compareHistory(report, history, workflowType).problems;

test('a report is that of a history by its end, else by memo and probes, and the check names what it looked at', () => {
  const looked: readonly (readonly [Report, RunHistory, RegExp])[] = [
    [
      whole,
      completed,
      /^Event 131 \(WorkflowExecutionCompleted\) of hepflow-lab-abc123 in Temporal, .* queue hepflow,/,
    ],
    [whole, sealed, /^The memo of event 50 \(Memo\) before event 60 \(WorkflowExecutionTerminated\) of /],
    [running, terminated, /^Event 0 \(ActivityTaskCompleted\), event 1 \(ActivityTaskCompleted\) of /],
  ];
  for (const [report, history, holds] of looked) {
    const check = compareHistory(report, history, workflowType);
    assert.deepEqual(check.problems, []);
    assert.match(check.holds, holds);
  }
});

const named = 'The workflow hepflow-lab-abc123 in Temporal';
const refused: readonly (readonly [what: string, report: Report, history: RunHistory, problem: string])[] = [
  [
    ...(['of another type', whole, { ...completed, workflowType: 'nobodyServesThis' }] as const),
    `${named} is of type nobodyServesThis, so it is no run of hepflow.`,
  ],
  [
    ...(['of another run', whole, { ...completed, firstExecutionRunId: 'other' }] as const),
    `${named} began as run other; the report is of run ${whole.firstExecutionRunId}.`,
  ],
  [
    ...(['that is open', whole, { ...completed, end: null }] as const),
    `${named} is still open: it has not left a report yet.`,
  ],
  [
    ...(['that left another report', { ...whole, warnings: [] }, completed] as const),
    'It is not what event 131 (WorkflowExecutionCompleted) holds: warnings[0] is missing, not "SSH is open to the world.".',
  ],
  [
    ...(['that left none', whole, { ...completed, end: { event: 'event 9 (End)', left: null } }] as const),
    'It is not what event 9 (End) holds: it is ',
  ],
  [
    ...(['that was ended before it sealed a report', whole, terminated] as const),
    'The run left no report: event 60 (WorkflowExecutionTerminated) ended it before it sealed one.',
  ],
  [
    ...(['whose memo names another seal', { ...whole, seal: { sha256: 'f'.repeat(64) } }, sealed] as const),
    `The memo of event 50 (Memo) names the seal ${whole.seal?.sha256}, the report has ${'f'.repeat(64)}.`,
  ],
  [
    ...(['whose probe saw something else', { ...running, evidence: whole.evidence.slice(1, 3) }, terminated] as const),
    'It is not what event 0 (ActivityTaskCompleted) holds: phase is "enforced", not "baseline".',
  ],
  [
    ...(['without a probe for a link', running, { ...terminated, probes: completed.probes.slice(0, 1) }] as const),
    'No probe in Temporal gave the evidence of phase enforced from vm.',
  ],
];
for (const [what, report, history, problem] of refused)
  test(`a report is not that of a history ${what}`, () => {
    const [first] = compare(report, history);
    assert.ok(first?.startsWith(problem), first);
  });

test('of a report that has nothing to do with what was left, the first differences are told', () => {
  const problems = compare(whole, { ...completed, end: { event: 'event 9 (End)', left: {} } });
  assert.equal(problems.length, 11);
  assert.equal(problems.at(-1), `There are ${Object.keys(whole).length - 10} more differences from event 9 (End).`);
});
