/** Runs of the product on a lab: to start one, to wait for what it shows, to read its end. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { type Progress, progressQuery, type Stage, taskQueue, workflowType } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import { exampleFile, type World } from './world.ts';

export type Spec = Readonly<Record<string, unknown>>;

/** The example's spec with parts changed, field by field. */
export async function buildSpec(change: Spec = {}): Promise<Spec> {
  return merged(JSON.parse(await readFile(exampleFile, 'utf8')) as Spec, change);
}

const isPart = (value: unknown): value is Spec => typeof value === 'object' && value !== null && !Array.isArray(value);

const merged = (base: Spec, change: Spec): Spec => ({
  ...base,
  ...Object.fromEntries(
    Object.entries(change).map(([key, value]) => {
      const old = base[key];
      return [key, isPart(old) && isPart(value) ? merged(old, value) : value];
    }),
  ),
});

/** Starts a run of the example's spec with parts changed. */
export async function startRun({ client }: World, change: Spec = {}): Promise<WorkflowHandle> {
  return client.workflow.start(workflowType, {
    taskQueue,
    workflowId: `hepflow-lab-${randomUUID().slice(0, 8)}`,
    args: [await buildSpec(change)],
  });
}

/** What became of a run: its report, and the failure's code when it failed. */
export interface End {
  readonly report: Report;
  readonly failed: string | undefined;
}

/** Waits for the end, whatever it is. The report comes from the result, or from the failure's details (W8). */
export async function awaitEnd(handle: WorkflowHandle): Promise<End> {
  try {
    return { report: (await handle.result()) as Report, failed: undefined };
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
    if (!(cause instanceof ApplicationFailure)) throw error;
    return { report: cause.details?.[0] as Report, failed: cause.type ?? '' };
  }
}

export const queryProgress = (handle: WorkflowHandle): Promise<Progress> => handle.query<Progress>(progressQuery);

/** Waits until the run is at that stage; an end before it is an error. */
export async function awaitStage(handle: WorkflowHandle, stage: Stage): Promise<Progress> {
  let seen: Progress | undefined;
  await waitUntil(`the run is ${stage}`, async () => {
    seen = await queryProgress(handle);
    if (seen.stage === 'over' && stage !== 'over')
      throw new Error(`The run is over before it was ${stage}: ${JSON.stringify(seen.steps.at(-1))}`);
    return seen.stage === stage;
  });
  return seen as Progress;
}

/** Waits until something holds; the bound is far above what it takes. */
export async function waitUntil(
  what: string,
  holds: () => Promise<boolean> | boolean,
  boundMs = 120_000,
): Promise<void> {
  const deadline = Date.now() + boundMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not within ${boundMs} ms: ${what}.`);
    await sleep(50);
  }
}

/** Verdicts on the NodePort as `phase node 1: expected, observed, verdict`, for comparison with a table. */
export function listVerdicts(report: Report): string[] {
  const nodes = (report.cluster?.nodes ?? []).map(({ name }) => name);
  const ofNodePort = report.verdicts.filter(({ target }) => target.kind === 'nodePort');
  return ofNodePort.map(
    ({ phase, node, expected, observed, verdict }) =>
      `${phase} node ${nodes.indexOf(node) + 1}: ${expected}, ${observed}, ${verdict}`,
  );
}

const bothOpen = (phase: string): string[] => [1, 2].map((node) => `${phase} node ${node}: OPEN, OPEN, PASS`);

/** What `listVerdicts` tells of a run that proved everything. */
export const expectAllProved = ({ secondNode }: { secondNode: boolean }): string[] => [
  ...bothOpen('baseline'),
  'enforced node 1: DROP, DROP, PASS',
  'enforced node 2: OPEN, OPEN, PASS',
  ...(secondNode ? ['second node 1: DROP, DROP, PASS', 'second node 2: DROP, DROP, PASS'] : []),
  ...bothOpen('restored'),
];
