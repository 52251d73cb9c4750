import {
  deleteInterface,
  deleteNetwork,
  deletePeering,
  deletePublicIp,
  deleteSecurityGroup,
  deleteVm,
} from '../changes/undo-azure.ts';
import {
  deletePolicy,
  deleteService,
  releaseCluster,
  restoreAutoHostEndpoints,
  restoreFlowLogs,
  restoreLabel,
} from '../changes/undo-kubernetes.ts';
import type { ObserverInput, UndoEntry, UndoName, UndoOutcome, Watched } from '../contract/steps.ts';
import type { StepContext, Tools, UndoActivity } from '../step/context.ts';
import { isRetryable, toHepflowError } from '../step/failures/index.ts';
import { startObserver } from '../vantage/prober/observe/session.ts';

const undos: { readonly [N in UndoName]: UndoActivity<N> } = {
  releaseCluster,
  deleteNetwork,
  deletePublicIp,
  deleteSecurityGroup,
  deleteInterface,
  deleteVm,
  deletePeering,
  restoreAutoHostEndpoints,
  restoreFlowLogs,
  deleteService,
  restoreLabel,
  deletePolicy,
};

/** What survives a crash between two entries: the outcomes so far, and the state of the one under way. */
interface Saved {
  readonly outcomes: readonly UndoOutcome[];
  readonly current?: unknown;
}

/** How long an undo waits for the observer that is to watch it. */
const observerLimitMs = 10_000;

/**
 * Tries every entry in the given order, whatever becomes of the others (W5); a second try goes on where the first one ended. Whether it is watched is a
 * matter of the report, never of the undo.
 */
export async function undoEach(
  { entries, observer }: { readonly entries: readonly UndoEntry[] } & Watched,
  tools: Tools,
  context: StepContext,
): Promise<readonly UndoOutcome[]> {
  const saved = (context.resume ?? { outcomes: [] }) as Saved;
  const outcomes = [...saved.outcomes];
  if (observer && outcomes.length === 0) await tryToWatch(observer, tools, context);
  for (const [index, entry] of entries.entries()) {
    if (index < outcomes.length) continue;
    const resume = index === saved.outcomes.length ? saved.current : undefined;
    const save = (current?: unknown): void =>
      context.heartbeat(current === undefined ? undefined : ({ outcomes, current } satisfies Saved));
    outcomes.push(await undoOne(entry, tools, { ...context, resume, heartbeat: save }));
    context.heartbeat({ outcomes } satisfies Saved);
  }
  return outcomes;
}

async function tryToWatch(observer: ObserverInput, tools: Tools, { run, signal }: StepContext): Promise<void> {
  const limited = { run, signal: AbortSignal.any([signal, AbortSignal.timeout(observerLimitMs)]) };
  await startObserver(observer, tools, limited).catch(() => {}); // reading it back will say that there is none
}

async function undoOne(entry: UndoEntry, tools: Tools, context: StepContext): Promise<UndoOutcome> {
  const startedAt = new Date().toISOString();
  const over = (end: Pick<UndoOutcome, 'outcome' | 'retryable' | 'code' | 'detail'>): UndoOutcome => ({
    ...end,
    startedAt,
    endedAt: new Date().toISOString(),
  });
  try {
    const undo = undos[entry.undo] as UndoActivity<typeof entry.undo>;
    return over({ ...(await undo(entry.input as never, tools, context)), retryable: false, code: '' });
  } catch (error) {
    if (context.signal.aborted) throw error; // the worker shuts down: another one goes on
    const failure = toHepflowError(error);
    return over({ outcome: 'failed', retryable: isRetryable(failure), code: failure.code, detail: failure.message });
  }
}
