import { CancellationScope, uuid4, workflowInfo } from '@temporalio/workflow';
import type { Evidence, Phase } from '../contract/evidence.ts';
import type { FailureSummary } from '../contract/failures.ts';
import type { RunPhase } from '../contract/messages.ts';
import type { Mission } from '../contract/mission.ts';
import type { Finding, Leftover, Mark, RunOutcome, Transition } from '../contract/report.ts';
import type { Site } from '../contract/site.ts';
import type { ObserverInput, RunRef, StepInput, StepName, StepOutput } from '../contract/steps.ts';
import type { Verdict } from '../contract/verdict.ts';
import { judgementOf } from '../judge/judgement.ts';
import { identityOf } from '../ownership/names.ts';
import { expectationsOf } from '../scenario/expectations.ts';
import { publishPhase } from './attributes.ts';
import { attemptsOf, isCancelled, summaryOf } from './failure.ts';
import { foundBy } from './found.ts';
import { Ledger, now } from './ledger.ts';
import { callStep } from './proxies.ts';
import { UndoStack, unwind } from './undo/stack.ts';
import { undoOf } from './undo-entries.ts';
import type { View } from './view.ts';

/** One run under way: carries out steps, remembers what to undo, and knows all that the report tells (W8). */
export class Run {
  /** The workflow's own random numbers: the same on every replay, and after a reset. */
  readonly runId = uuid4().slice(0, 8);
  readonly ledger = new Ledger(this.runId);
  readonly startedAt = now();
  readonly outputs: { [N in StepName]?: StepOutput<N> } = {};
  readonly convergenceMs: Partial<Record<Phase, number>> = {};
  readonly evidence: Evidence[] = [];
  readonly transitions: Transition[] = [];
  readonly findings: Finding[] = [];
  leftovers: readonly Leftover[] = [];
  failure: FailureSummary | null = null;
  outcome: RunOutcome = 'RUNNING';
  endedAt: string | null = null;
  #ref: RunRef | undefined;

  /** The run as steps are told; before preflight only its id is known. */
  get ref(): RunRef {
    const unknown = {
      subscriptionId: '',
      resourceGroup: '',
      location: '',
      cluster: { subscriptionId: '', resourceGroup: '', name: '' },
    };
    return (
      this.#ref ?? { runId: this.runId, workflowId: workflowInfo().workflowId, startedAt: this.startedAt, ...unknown }
    );
  }

  async preflight(spec: unknown): Promise<{ mission: Mission; site: Site }> {
    const found = await this.step(
      'preflight',
      { spec, runId: this.runId, holder: identityOf(workflowInfo()) },
      new UndoStack(),
    );
    const { mission, site } = found;
    const cluster = {
      subscriptionId: mission.subscriptionId,
      resourceGroup: mission.resourceGroup,
      name: mission.cluster,
    };
    this.#ref = {
      ...this.ref,
      subscriptionId: mission.subscriptionId,
      resourceGroup: mission.vm.resourceGroup,
      location: site.location,
      cluster,
    };
    this.ledger.warnings.push(...site.warnings);
    return found;
  }

  /** Keeps other runs off the cluster. */
  async hold(undo: UndoStack): Promise<void> {
    const { takenOverFrom } = await this.step('holdCluster', { holder: identityOf(workflowInfo()) }, undo);
    if (takenOverFrom === null) return;
    this.ledger.warnings.push(
      `The cluster was still held by ${takenOverFrom}, a run that is over without having released it; this run took over.`,
    );
  }

  /** Carries out a step; its undo is registered first (W2). */
  async step<N extends StepName>(name: N, input: StepInput<N>, undo: UndoStack, subject = ''): Promise<StepOutput<N>> {
    const entry = undoOf(name, this.ref, input);
    if (entry !== undefined) undo.push(entry);
    const record = this.ledger.start(name, subject);
    try {
      const { output, attempts } = await callStep(name, subject, { run: this.ref, input });
      Object.assign(this.outputs, { [name]: output });
      record.finish(foundBy(name, output), attempts);
      return output;
    } catch (error) {
      if (isCancelled(error)) record.cancel();
      else {
        record.fail(summaryOf(error, name).message, attemptsOf(error));
        this.failure ??= summaryOf(error, name);
      }
      throw error;
    }
  }

  /** Probes every target and judges what was seen against the table of the phase. `marks`: when the change that led to the phase was made. */
  async judge(phase: Phase, view: View, marks: readonly Mark[] = []): Promise<readonly Verdict[]> {
    const expectations = expectationsOf(phase, view.targets, view.site.nodes);
    this.ledger.judging(expectations);
    const evidence = await this.step('probe', view.probe(phase, expectations, this.#sealOf()), new UndoStack(), phase);
    if (evidence.convergence.reached) this.convergenceMs[phase] = evidence.convergence.elapsedMs;
    const { verdicts, transitions, findings } = judgementOf(
      { phase, nodes: view.site.nodes, judged: this.ledger.verdicts, marks },
      evidence,
    );
    this.evidence.push(evidence);
    this.transitions.push(...transitions);
    this.findings.push(...findings);
    this.ledger.judged(verdicts);
    return verdicts;
  }

  /** Undoes a stack; or keeps it and says so, when there is a reason to. Never cancelled (W5). */
  async undo(stack: UndoStack, keep: string | null, observer?: ObserverInput): Promise<void> {
    const kept =
      keep === null
        ? []
        : stack.takeKept().map(({ undo, subject, command }) => ({ what: `${undo} ${subject}`, why: keep, command }));
    const leftovers = await CancellationScope.nonCancellable(() => unwind(stack, this.ref, this.ledger, observer));
    this.leftovers = [...this.leftovers, ...kept, ...leftovers];
  }

  #sealOf(): string {
    return this.evidence.at(-1)?.seal?.sha256 ?? this.runId;
  }

  enter(phase: RunPhase): void {
    this.ledger.phase = phase;
    this.ledger.publish();
    publishPhase(this);
  }
}
