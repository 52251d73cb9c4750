import { defineQuery, log, setHandler, workflowInfo } from '@temporalio/workflow';
import type { UndoEntry } from '../contract/change.ts';
import { descriptions, type Progress, progressQuery } from '../contract/messages.ts';
import type { Leftover } from '../contract/report.ts';
import type { RunRef } from '../contract/run.ts';
import { formCommand } from '../contract/shell.ts';
import {
  describeDeadRun,
  isLeft,
  type MarkedThing,
  type Sweep,
  type SweepResult,
  type SweepSpec,
  type Swept,
} from '../contract/sweep.ts';
import { decideLeftover } from '../sweep/decide.ts';
import { createIdentity } from './identity.ts';
import { Ledger, readNow } from './ledger.ts';
import { callFindLeftovers } from './proxies.ts';
import { UndoStack } from './undo/stack.ts';
import { unwind } from './undo/unwind.ts';

/**
 * Finds what dead runs left in subscription and cluster, and removes it as their own undo would have done, or only
 * shows it. A living run's things are never touched.
 */
export async function sweepLeftovers(spec: SweepSpec): Promise<SweepResult> {
  const identity = createIdentity();
  const ledger = new Ledger(identity.runId);
  setHandler(defineQuery<Progress>(progressQuery), () => ledger.describeProgress(), {
    description: descriptions[progressQuery],
  });
  const { sweep, found, warnings } = await callFindLeftovers(identity, spec);
  ledger.stage = 'undoing';
  const swept: Swept[] = [];
  for (const things of groupByRun(found).values()) swept.push(...(await sweepRun(things, sweep, ledger)));
  ledger.stage = 'over';
  ledger.publish();
  const left = swept.filter(isLeft).length;
  log[left === 0 ? 'info' : 'warn']('sweep over', { hepflowRun: identity.runId, found: swept.length, left });
  return { dryRun: sweep.dryRun, found: swept, left, warnings };
}

function groupByRun(found: readonly MarkedThing[]): Map<string, MarkedThing[]> {
  const runs = new Map<string, MarkedThing[]>();
  for (const thing of found) {
    const key = JSON.stringify([thing.ownership, thing.runId, thing.owner, thing.firstExecutionRunId]);
    runs.set(key, [...(runs.get(key) ?? []), thing]);
  }
  return runs;
}

/** What becomes of a thing. */
type End = Pick<Swept, 'decision' | 'why' | 'command'>;

/** All things of a run are decided alike: they tell the same owner and times. */
async function sweepRun(things: readonly MarkedThing[], sweep: Sweep, ledger: Ledger): Promise<Swept[]> {
  const [first] = things;
  if (first === undefined) return [];
  const { decision, why } = decideLeftover(first, Date.parse(readNow()), sweep.olderThanMs);
  const endAll = (end: Pick<End, 'decision' | 'why'>): Swept[] =>
    things.map((found) => describeEnd(found, { ...end, command: found.undo?.command ?? '' }));
  // No command: the run removes the one itself, and the other is none of ours.
  if (decision === 'kept: its run lives' || decision === 'kept: a copy')
    return things.map((found) => describeEnd(found, { decision, why, command: '' }));
  if (decision === 'kept: its run cannot go on') {
    const command = formCommand(
      ...['temporal', 'workflow', 'terminate', '--namespace', workflowInfo().namespace, '--workflow-id', first.owner],
    );
    return things.map((found) => describeEnd(found, { decision, why, command }));
  }
  if (decision !== 'remove') return endAll({ decision, why });
  if (sweep.dryRun) return endAll({ decision: 'would be removed', why });
  const leftovers = await remove(things, describeDeadRun(first, sweep), ledger);
  return things.map((found) => describeEnd(found, describeRemoval(found, why, leftovers)));
}

/** Undoes each entry once, in the order in which the run itself would have, and gives what is left of them. */
async function remove(things: readonly MarkedThing[], run: RunRef, ledger: Ledger): Promise<readonly Leftover[]> {
  const entries = new Map(
    things.flatMap(({ undo }): [string, UndoEntry][] => (undo === null ? [] : [[undo.command, undo]])),
  );
  const stack = new UndoStack();
  for (const entry of [...entries.values()].toReversed()) stack.push(entry);
  return await unwind(stack, run, ledger);
}

function describeRemoval({ undo }: MarkedThing, why: string, leftovers: readonly Leftover[]): End {
  if (undo === null) return { decision: 'failed', why: 'Its mark does not tell what was there before.', command: '' };
  const left = leftovers.find(({ command }) => command === undo.command);
  if (left === undefined) return { decision: 'removed', why, command: '' };
  return { decision: decideEnd(left), why: left.why, command: left.command };
}

function decideEnd({ reason, code }: Leftover): Swept['decision'] {
  if (reason === 'conflict') return 'kept: changed by somebody else';
  return code === 'ScopeLocked' || code === 'NodeGroupLocked' ? 'kept: locked' : 'failed';
}

const describeEnd = ({ what, id, runId, owner, createdAt, expiresAt }: MarkedThing, end: End): Swept => ({
  ...{ what, id, runId, owner, createdAt, expiresAt },
  ...end,
});
