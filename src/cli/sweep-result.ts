/** What a sweep found and did, as it is read from the workflow and as it is shown. */

import Table from 'cli-table3';
import { limitText, makeLine, mapTexts } from '../contract/printable.ts';
import { isLeft, type SweepResult } from '../contract/sweep.ts';
import { CommandError } from './exit-code.ts';

export function readSweepResult(value: unknown): SweepResult {
  if (isSweepResult(value)) return value;
  throw new CommandError('What the sweep gave is no result of a sweep.');
}

const isSweepResult = (value: unknown): value is SweepResult =>
  typeof value === 'object' && value !== null && 'found' in value && Array.isArray(value.found) && 'left' in value;

/** The table, and below it the commands for what is left. */
export function formatSweep(told: SweepResult): string {
  const result = mapTexts(told, makeLine);
  const { found, warnings } = result;
  const notes = warnings.map((warning) => `Note: ${warning}`);
  if (found.length === 0) return [...notes, 'Nothing carries the marks of a run.', ''].join('\n');
  const commands = found.filter((each) => isLeft(each) && each.command !== '').map(({ command }) => `  ${command}`);
  const byHand = commands.length === 0 ? [] : ['By hand:', ...new Set(commands)];
  return [...notes, formatFound(found), explainLeft(result), ...byHand, ''].join('\n');
}

function formatFound(found: SweepResult['found']): string {
  const table = new Table({
    head: ['What', 'Run', 'Begun', 'Decision', 'Why'],
    style: { head: [], border: [] },
    colWidths: [null, null, null, null, 60],
    wordWrap: true,
  });
  for (const { what, runId, createdAt, decision, why } of found)
    table.push([
      ...[what, runId, createdAt?.slice(0, 19) ?? '', decision].map((cell) => limitText(cell, 120)),
      limitText(why),
    ]);
  return table.toString();
}

function explainLeft({ left, dryRun, found }: SweepResult): string {
  if (left === 0) return 'Nothing is left.';
  if (!dryRun) return `${left} left.`;
  const removable = found.filter(({ decision }) => decision === 'would be removed').length;
  if (removable === 0) return `${left} left, and a sweep would remove none of them now.`;
  return `${left} left. Without --dry-run, sweep removes ${removable === left ? 'all of it' : `${removable} of them`}.`;
}
