import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
} from '@temporalio/workflow';
import {
  descriptions,
  finishSignal,
  labelNode2Signal,
  labelNode2Update,
  type Progress,
  progressQuery,
  reportQuery,
  type SecondNodeAnswer,
} from '../contract/messages.ts';
import type { Cleanup, SecondNode } from '../contract/mission.ts';
import type { Report } from '../contract/report.ts';
import { reportOf } from './report.ts';
import type { Run } from './run.ts';

/** What people told the run. Every message may come at any time, and twice. */
export class Messages {
  #secondNode = false;
  #finish = false;
  readonly #run: Run;

  /** Sets every handler; to be called before the first await, or early messages would be lost. */
  constructor(run: Run) {
    this.#run = run;
    const said = (name: keyof typeof descriptions) => ({ description: descriptions[name] });
    setHandler(defineSignal(labelNode2Signal), () => this.#askForSecondNode(), said(labelNode2Signal));
    setHandler(defineSignal(finishSignal), () => this.#askToFinish(), said(finishSignal));
    setHandler(defineQuery<Progress>(progressQuery), () => run.ledger.progress(), said(progressQuery));
    setHandler(defineQuery<Report>(reportQuery), () => reportOf(run), said(reportQuery));
    // The validator is synchronous: the SDK never awaits one, so an asynchronous one would refuse nothing.
    setHandler(defineUpdate<SecondNodeAnswer>(labelNode2Update), () => this.#answer(), {
      ...said(labelNode2Update),
      validator: () => this.#refuseIfTooLate(),
    });
  }

  /** Whether to go on with node 2: waits as the mission says, and never longer. */
  async secondNodeWanted({ when, waitMs }: SecondNode): Promise<boolean> {
    if (when !== 'on-signal') return when === 'always';
    const record = this.#run.ledger.start(
      'awaitSecondNode',
      '',
      'waiting',
      `signal ${labelNode2Signal} or ${finishSignal}, until ${inFuture(waitMs)}`,
    );
    this.#run.enter('awaiting-second-node');
    const asked = await this.#within(waitMs, () => this.#secondNode || this.#finish, 'signal labelNode2', record);
    if (this.#secondNode) record.finish('asked for');
    else record.skip(asked ? `signal ${finishSignal}: the run ends without it` : 'nobody asked in time');
    return this.#secondNode;
  }

  /** The pause before cleanup `on-signal`. */
  async cleanupWanted({ when, waitMs }: Cleanup): Promise<void> {
    if (when !== 'on-signal') return;
    const record = this.#run.ledger.start(
      'awaitFinish',
      '',
      'waiting',
      `signal ${finishSignal}, until ${inFuture(waitMs)}`,
    );
    this.#run.enter('awaiting-finish');
    const asked = await this.#within(waitMs, () => this.#finish, `signal ${finishSignal}`, record);
    record.finish(asked ? 'asked for' : 'nobody asked in time; cleaning up');
  }

  #askForSecondNode(): void {
    this.#secondNode = true;
  }

  #askToFinish(): void {
    this.#finish = true;
  }

  async #within(waitMs: number, holds: () => boolean, summary: string, record: { cancel(): void }): Promise<boolean> {
    try {
      return await condition(holds, waitMs, { summary });
    } catch (error) {
      record.cancel();
      throw error;
    }
  }

  async #answer(): Promise<SecondNodeAnswer> {
    this.#askForSecondNode();
    await condition(() => this.#verdicts().length > 0 || this.#tooLate() !== undefined);
    if (this.#verdicts().length > 0) return this.#verdicts();
    throw ApplicationFailure.nonRetryable(`The second node was not judged: ${this.#tooLate()}`, 'SecondNodeRefused');
  }

  #verdicts(): SecondNodeAnswer {
    return this.#run.ledger.verdicts.filter(({ phase }) => phase === 'second');
  }

  #tooLate(): string | undefined {
    const { phase } = this.#run.ledger;
    if (phase === 'undoing' || phase === 'awaiting-finish' || phase === 'over')
      return this.#run.failure?.message ?? `the run is ${phase} already.`;
    return this.#run.outputs.preflight?.mission.secondNode.when === 'never'
      ? 'the spec says secondNode.when never.'
      : undefined;
  }

  #refuseIfTooLate(): void {
    const reason = this.#finish ? `signal ${finishSignal} came first.` : this.#tooLate();
    if (reason !== undefined && this.#verdicts().length === 0)
      throw ApplicationFailure.nonRetryable(`Refused: ${reason}`, 'SecondNodeRefused');
  }
}

const inFuture = (ms: number): string => new Date(Date.now() + ms).toISOString().slice(0, 19).replace('T', ' ');
