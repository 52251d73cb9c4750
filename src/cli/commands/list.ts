import type { Client } from '@temporalio/client';
import Table from 'cli-table3';
import { type Command, InvalidArgumentError } from 'commander';
import { workflowType } from '../../contract/messages.ts';
import { formJson, limitText, makeLine, mapTexts } from '../../contract/printable.ts';
import { readMemo } from '../memo.ts';
import { withTemporal } from '../temporal.ts';

/** Adds `list`. */
export function addListCommand(program: Command): void {
  program
    .command('list')
    .description('list the runs that Temporal still remembers, the newest first')
    .option('--limit <count>', 'at most so many', readCount, 20)
    .option('--json', 'as JSON')
    .action(({ limit, json }: { limit: number; json?: boolean }) =>
      withTemporal((client) => listRuns(client, limit, json === true)),
    );
}

function readCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 on.');
}

async function listRuns(client: Client, limit: number, json: boolean): Promise<void> {
  const rows: RunRow[] = [];
  for await (const run of client.workflow.list({ query: `WorkflowType = '${workflowType}'`, pageSize: limit })) {
    const memo = readMemo(run.memo);
    const outcome = memo?.outcome ?? run.status.name;
    rows.push({
      id: run.workflowId,
      runId: memo?.runId ?? '',
      outcome,
      leftovers: memo?.leftovers ?? (run.status.name === 'RUNNING' ? 0 : null),
      startedAt: run.startTime.toISOString(),
      summary: memo?.summary ?? '',
    });
    if (rows.length === limit) break;
  }
  if (json) return void process.stdout.write(`${formJson(rows)}\n`);
  if (rows.length === 0) return void process.stdout.write('No runs.\n');
  process.stdout.write(formatRuns(rows));
}

interface RunRow {
  readonly id: string;
  readonly runId: string;
  readonly outcome: string;
  /** Null: the run was ended before it could tell. */
  readonly leftovers: number | null;
  readonly startedAt: string;
  readonly summary: string;
}

/** Whoever may start a workflow chooses its id. */
export function formatRuns(rows: readonly RunRow[]): string {
  const table = new Table({
    head: ['Workflow id', 'Outcome', 'Left behind', 'Started'],
    style: { head: [], border: [] },
  });
  for (const { id, outcome, leftovers, startedAt } of mapTexts(rows, makeLine))
    table.push([limitText(id), outcome, leftovers ?? '?', startedAt]);
  const isUnknown = rows.some(({ leftovers }) => leftovers === null);
  const note = isUnknown ? '?: it was ended before it undid anything; hepflow report ID tells what is left.\n' : '';
  return `${table.toString()}\n${note}`;
}
