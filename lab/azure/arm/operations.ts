import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createArmError, createErrorBody, type ErrorBody } from './errors.ts';
import { normalizeId } from './store.ts';

/** A long-running operation, as its URL reports it. */
export interface Operation {
  readonly id: string;
  /** Namespace in its URL, such as `Microsoft.Network`. */
  readonly provider: string;
  readonly method: 'PUT' | 'DELETE' | 'POST';
  readonly resourceId: string;
  readonly startTime: string;
  endTime?: string;
  status: 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';
  error?: ErrorBody;
  /** What a POST answers once it has succeeded. */
  result?: object;
  /** Its URL answers 404 (a fault); the work continues. */
  readonly lost: boolean;
  /** Resolves when it has ended, whatever the result; never rejects. */
  readonly settled: Promise<void>;
  /** Ends it as Canceled with OperationPreempted; the step under way is finished first. */
  preempt(): void;
}

export interface OperationRequest {
  readonly provider: string;
  readonly method: 'PUT' | 'DELETE' | 'POST';
  readonly resourceId: string;
  /** Ids that no other operation may write meanwhile. */
  readonly locks: readonly string[];
  readonly durationMs: number;
  /** The work on the data plane; the operation succeeds when it resolves. */
  readonly work: () => Promise<void>;
  /** What a POST answers; called after the work. */
  readonly answer?: () => object;
  /** Called after a failure, to record what it leaves behind. */
  readonly failed?: () => void;
  /** The failure to end with instead of doing the work. */
  readonly fail?: ErrorBody | undefined;
  /** Status of that failure. Default `Failed`. */
  readonly failedAs?: 'Failed' | 'Canceled' | undefined;
  readonly lost?: boolean;
}

/** Runs operations and keeps their results and the locks that they hold. */
export class Operations {
  readonly #operations = new Map<string, Operation>();
  readonly #locks = new Map<string, Operation>();
  readonly #closing = new AbortController();

  get(id: string): Operation | undefined {
    return this.#operations.get(normalizeId(id));
  }

  /** The operation that writes this resource now. */
  findHolder(resourceId: string): Operation | undefined {
    return this.#locks.get(normalizeId(resourceId));
  }

  start(request: OperationRequest): Operation {
    const preempted = new AbortController();
    const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
    const operation: Operation = {
      id: randomUUID(),
      provider: request.provider,
      method: request.method,
      resourceId: request.resourceId,
      startTime: new Date().toISOString(),
      status: 'InProgress',
      lost: request.lost ?? false,
      settled,
      preempt: () => preempted.abort(),
    };
    this.#operations.set(operation.id, operation);
    for (const id of request.locks) this.#locks.set(normalizeId(id), operation);
    void this.#run(operation, request, preempted.signal).finally(settle);
    return operation;
  }

  /** Aborts what is under way; resolves when no operation runs. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#operations.values()].map((operation) => operation.settled));
  }

  async #run(operation: Operation, request: OperationRequest, preempted: AbortSignal): Promise<void> {
    const ending = AbortSignal.any([preempted, this.#closing.signal]);
    let end: Operation['status'] = 'Succeeded';
    try {
      await sleep(request.durationMs, undefined, { signal: ending });
      if (request.fail === undefined) await request.work();
      if (request.fail === undefined && request.answer !== undefined) operation.result = request.answer();
      ending.throwIfAborted();
      if (request.fail !== undefined) throw new OperationFailure(request.fail);
    } catch (error) {
      end = ending.aborted ? 'Canceled' : error instanceof OperationFailure ? (request.failedAs ?? 'Failed') : 'Failed';
      operation.error = ending.aborted
        ? createArmError('OperationPreempted', { id: request.resourceId }).body
        : error instanceof OperationFailure
          ? error.body
          : createErrorBody(error);
      if (!this.#closing.signal.aborted) request.failed?.();
    }
    for (const id of request.locks)
      if (this.#locks.get(normalizeId(id)) === operation) this.#locks.delete(normalizeId(id));
    operation.endTime = new Date().toISOString();
    operation.status = end; // last: a poll that sees the end must find the resource in its final state
  }
}

class OperationFailure extends Error {
  readonly body: ErrorBody;
  constructor(body: ErrorBody) {
    super(body.message);
    this.body = body;
  }
}
