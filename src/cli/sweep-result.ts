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

function explainLeft(result: SweepResult): string {
  const living = explainLiving(result);
  if (result.left === 0) return living === '' ? 'Nothing is left.' : `${living} Nothing else is left.`;
  return [living, countLeft(result)].filter(Boolean).join(' ');
}

function countLeft({ left, dryRun, found }: SweepResult): string {
  if (!dryRun) return `${left} left.`;
  const removable = found.filter(({ decision }) => decision === 'would be removed').length;
  if (removable === 0) return `${left} left, and a sweep would remove none of them now.`;
  return `${left} left. Without --dry-run, sweep removes ${removable === left ? 'all of it' : `${removable} of them`}.`;
}

/** Whose things are kept because they need them. */
function explainLiving({ found }: SweepResult): string {
  const living = new Map(
    found.flatMap(({ decision, runId, createdAt }) =>
      decision === 'kept: its run lives' ? [[runId, createdAt ?? '']] : [],
    ),
  );
  if (living.size === 0) return '';
  const [first] = [...living.values()].filter(Boolean).toSorted();
  const since = first === undefined ? '' : ` since ${first.slice(0, 19)}`;
  return living.size === 1
    ? `1 run lives${since}; its things are kept.`
    : `${living.size} runs live, the oldest${since}; their things are kept.`;
}
