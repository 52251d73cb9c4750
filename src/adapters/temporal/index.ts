/** One Temporal namespace: whether a workflow run is over. */
import { type ConnectionLike, isGrpcServiceError } from '@temporalio/client';
import { cutMessage } from '../../contract/brief.ts';

export interface Temporal {
  readonly namespace: string;
  /**
   * Whether the run is over, a run that a reset goes on with counting as the same. `runId` is the first of its chain,
   * which a reset keeps.
   * A run that Temporal does not know is over only when it was seen before everything that Temporal could have
   * forgotten by now: `seenAt` is older than
   * the namespace's retention, which begins at a run's end, and than a day. `unknown`: Temporal does not answer, or
   * never heard of such a young run,
   * which may be one of another Temporal whose namespace has the same name.
   */
  isOver(workflowId: string, runId: string, seenAt: Date): Promise<boolean | 'unknown'>;
  /**
   * Why a run that is under way does not go on: its workflow task fails again and again. Undefined: it goes on, or
   * waits, or Temporal does not answer.
   */
  findTrouble(workflowId: string, runId: string): Promise<string | undefined>;
}

export interface TemporalSettings {
  readonly connection: Pick<ConnectionLike, 'workflowService' | 'withDeadline'>;
  readonly namespace: string;
  /** Time limit of one question, in milliseconds. */
  readonly requestTimeoutMs: number;
}

const dayMs = 24 * 60 * 60 * 1000;
/** gRPC status NOT_FOUND. */
const notFound = 5;
/** temporal.api.enums.v1.WorkflowExecutionStatus */
const statusRunning = 1;

const taskEnds = [
  'workflowTaskFailedEventAttributes',
  'workflowTaskTimedOutEventAttributes',
  'workflowTaskCompletedEventAttributes',
] as const;

interface Execution {
  readonly firstRunId: string;
  readonly running: boolean;
}

export function createTemporal({ connection, namespace, requestTimeoutMs }: TemporalSettings): Temporal {
  const { workflowService: service } = connection;

  /** The newest run of that workflow id, or exactly one run; undefined: Temporal does not know it. */
  const find = async (workflowId: string, runId?: string): Promise<Execution | undefined> => {
    try {
      const { workflowExecutionInfo: info } = await service.describeWorkflowExecution({
        namespace,
        execution: { workflowId, runId: runId ?? null },
      });
      return {
        firstRunId: info?.firstRunId || (info?.execution?.runId ?? ''),
        running: info?.status === statusRunning,
      };
    } catch (error) {
      if (isGrpcServiceError(error) && (error.code as number) === notFound) return undefined;
      throw error;
    }
  };

  const forgottenAfterMs = async (): Promise<number> => {
    const { config } = await service.describeNamespace({ namespace });
    return Math.max(dayMs, Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1000);
  };

  const judge = async (workflowId: string, runId: string, seenAt: Date): Promise<boolean | 'unknown'> => {
    const newest = await find(workflowId);
    const run = newest?.firstRunId === runId ? newest : await find(workflowId, runId);
    if (run !== undefined) return !run.running;
    return Date.now() - seenAt.getTime() > (await forgottenAfterMs()) || 'unknown';
  };

  const isOver: Temporal['isOver'] = async (workflowId, runId, seenAt) => {
    try {
      return await connection.withDeadline(Date.now() + requestTimeoutMs, () => judge(workflowId, runId, seenAt));
    } catch {
      return 'unknown'; // who asks must not take the cluster from a run that may live
    }
  };

  const findFailure = async (workflowId: string, runId: string): Promise<string | undefined> => {
    const execution = { workflowId, runId: runId || null };
    const { pendingWorkflowTask } = await service.describeWorkflowExecution({ namespace, execution });
    const attempt = pendingWorkflowTask?.attempt ?? 1;
    if (attempt < 2) return undefined;
    const { history } = await service.getWorkflowExecutionHistoryReverse({ namespace, execution, maximumPageSize: 20 });
    // Only the first of tries in a row is an event. One that timed out had no worker, or one that died.
    const ended = history?.events?.find((event) => taskEnds.some((end) => event[end]));
    const failed = ended?.workflowTaskFailedEventAttributes;
    if (!failed) return undefined;
    return `its workflow task has failed ${attempt - 1} times in a row (${cutMessage(failed.failure?.message ?? '')})`;
  };

  const findTrouble: Temporal['findTrouble'] = async (workflowId, runId) => {
    try {
      return await connection.withDeadline(Date.now() + requestTimeoutMs, () => findFailure(workflowId, runId));
    } catch {
      return undefined; // that it lives is known already
    }
  };
  return { namespace, isOver, findTrouble };
}
