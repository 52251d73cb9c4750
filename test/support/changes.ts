/** Changes and undos by the names that history shows, as the registry of kinds gives them. */
import assert from 'node:assert/strict';
import { findKind, listApplies, listUndos } from '../../src/changes/index.ts';
import type { Draft, PlanContext } from '../../src/changes/kind.ts';
import type { Applied, FieldValue, UndoEntry } from '../../src/contract/change.ts';
import type { RunRef } from '../../src/contract/run.ts';
import type { Change } from '../../src/contract/scenario.ts';
import type { CalicoSite, Site } from '../../src/contract/site.ts';
import type { StepActivity, Undone } from '../../src/step/context.ts';

export const findApply = (step: string): StepActivity<object, Applied> =>
  listApplies()[step] ?? assert.fail(`no kind of change has a step ${step}`);

export const findUndo = (undo: string): StepActivity<object, Undone> =>
  listUndos()[undo] ?? assert.fail(`no kind of change has an undo ${undo}`);

const calico: CalicoSite = { flavour: 'oss', version: 'v3.32.1', api: 'projectcalico.org/v3' };

/** A change as its kind plans it. Of the site only what the kind reads. */
export const draftChange = (change: Change, run: RunRef, site: Partial<Site> = {}, prior: FieldValue = null): Draft =>
  findKind(change).plan(change, { run, site: { calico, ...site } } as PlanContext, prior);

/** The entry that takes a change back. */
export const planUndo = (...planned: Parameters<typeof draftChange>): UndoEntry => ({
  ...draftChange(...planned).undo,
  change: '',
});
