import { defineQuery, setHandler, uuid4, workflowInfo } from '@temporalio/workflow';
import { descriptions, type Progress, progressQuery } from '../contract/messages.ts';
import type { RunRef, StepInput, UndoEntry } from '../contract/steps.ts';
import {
  type Findings,
  type Found,
  isLeft,
  orderOfSteps,
  refOf,
  type SweepResult,
  type SweepSpec,
  type Swept,
} from '../contract/sweep.ts';
import { decide } from '../sweep/decide.ts';
import { Ledger, now } from './ledger.ts';
import { callFindLeftovers } from './proxies.ts';
import { UndoStack, unwind } from './undo/stack.ts';
import { undoOf } from './undo-entries.ts';

/** Finds what dead runs left in subscription and cluster, and removes it as their own undo would have done, or only shows it. A living run's things are never touched. */
export async function sweepLeftovers(spec: SweepSpec): Promise<SweepResult> {
  const runId = uuid4().slice(0, 8);
  const ledger = new Ledger(runId);
  setHandler(defineQuery<Progress>(progressQuery), () => ledger.progress(), {
    description: descriptions[progressQuery],
  });
  const findings = await callFindLeftovers(sweeperRef(runId), spec);
  const runs = new Map<string, Found[]>();
  for (const found of findings.found) runs.set(found.runId, [...(runs.get(found.runId) ?? []), found]);
  ledger.phase = 'undoing';
  const swept: Swept[] = [];
  for (const things of runs.values()) swept.push(...(await sweepRun(things, findings, ledger)));
  ledger.phase = 'over';
  ledger.publish();
  const { sweep, warnings } = findings;
  return { dryRun: sweep.dryRun, found: swept, left: swept.filter(isLeft).length, warnings };
}

/** The sweep as its activity is told. The input has not been validated yet, so nothing is taken from it. */
function sweeperRef(runId: string): RunRef {
  const nowhere = { subscriptionId: '', resourceGroup: '' };
  return {
    runId,
    workflowId: workflowInfo().workflowId,
    startedAt: now(),
    ...nowhere,
    location: '',
    cluster: { ...nowhere, name: '' },
  };
}

/** A thing with the entry that takes it back; without one its mark does not tell how. */
interface Item {
  readonly found: Found;
  readonly entry: UndoEntry | undefined;
}

/** All things of a run are decided alike: they tell the same owner and times. */
async function sweepRun(things: readonly Found[], { sweep }: Findings, ledger: Ledger): Promise<Swept[]> {
  const [first] = things;
  if (first === undefined) return [];
  const run = refOf(first, sweep);
  const items = things
    .map((found): Item => ({ found, entry: entryOf(found, run) }))
    .sort((a, b) => rankOf(b.found) - rankOf(a.found));
  const { decision, why } = decide(first, Date.parse(now()), sweep.olderThanMs);
  if (decision === 'kept: its run lives') return items.map(({ found }) => row(found, { decision, why, command: '' }));
  if (decision !== 'remove')
    return items.map(({ found, entry }) => row(found, { decision, why, command: entry?.command ?? '' }));
  if (sweep.dryRun)
    return items.map(({ found, entry }) =>
      row(found, { decision: 'would be removed', why, command: entry?.command ?? '' }),
    );
  const ends = await remove(items, run, ledger);
  return items.map(({ found, entry }) =>
    row(
      found,
      entry === undefined ? unreadable : (ends.get(entry.command) ?? { decision: 'removed', why, command: '' }),
    ),
  );
}

type End = Pick<Swept, 'decision' | 'why' | 'command'>;

/** Undoes each entry once, in the order in which the run itself would have. Gives those that could not be undone, by their command. */
async function remove(items: readonly Item[], run: RunRef, ledger: Ledger): Promise<Map<string, End>> {
  const entries = [
    ...new Map(items.flatMap(({ entry }) => (entry === undefined ? [] : [[entry.command, entry] as const]))).values(),
  ];
  const stack = new UndoStack();
  for (const entry of entries.toReversed()) stack.push(entry);
  const from = ledger.steps.length;
  const leftovers = await unwind(stack, run, ledger);
  const records = ledger.steps.slice(from); // one an entry, in the same order
  return new Map(
    leftovers.map(({ why, command }) => [
      command,
      { decision: endOf(records[entries.findIndex((entry) => entry.command === command)]?.detail), why, command },
    ]),
  );
}

/** A record's detail begins with the failure's code. */
function endOf(detail = ''): Swept['decision'] {
  if (/^(ScopeLocked|NodeGroupLocked):/.test(detail)) return 'kept: locked';
  return detail.startsWith('conflict:') ? 'kept: changed by somebody else' : 'failed';
}

const unreadable: End = { decision: 'failed', why: 'Its mark does not tell what was there before.', command: '' };

/** The origin holds of a step's input what its undo reads. */
const entryOf = ({ origin }: Found, run: RunRef): UndoEntry | undefined =>
  origin === null ? undefined : undoOf(origin.step, run, origin.input as StepInput<typeof origin.step>);

const rankOf = ({ origin }: Found): number => (origin === null ? -1 : orderOfSteps.indexOf(origin.step));

const row = ({ what, id, runId, owner, createdAt, expiresAt }: Found, end: End): Swept => ({
  what,
  id,
  runId,
  owner,
  createdAt,
  expiresAt,
  ...end,
});
