import { ApplicationFailure, CancellationScope, workflowInfo } from '@temporalio/workflow';
import { describeError } from '../contract/brief.ts';
import type { Applied, ChangeId, Facts, PlannedChange } from '../contract/change.ts';
import type { Evidence, Target } from '../contract/evidence.ts';
import type { FailureSummary } from '../contract/failures.ts';
import type { Stage } from '../contract/messages.ts';
import type { PhaseName } from '../contract/phase.ts';
import type { Plan, PlannedPhase, PlannedVantage } from '../contract/plan.ts';
import type { Finding, Leftover, Report, RunOutcome, Transition } from '../contract/report.ts';
import { createRunRef, type RunIdentity, type RunRef } from '../contract/run.ts';
import type { ObserverInput, Preflight } from '../contract/steps.ts';
import type { Vantage, VantageId } from '../contract/vantage.ts';
import type { Expectation, Verdict } from '../contract/verdict.ts';
import { type Grounds, type Judgement, judgePhase, listHeld } from '../judge/judgement.ts';
import { listMoments } from '../judge/moments.ts';
import { writeHolder } from '../ownership/holder.ts';
import { listExpectations } from '../scenario/outline.ts';
import { publishStage } from './attributes.ts';
import { countAttempts, isCancelled, summarizeFailure } from './failure.ts';
import { createIdentity } from './identity.ts';
import { Ledger, type OpenRecord } from './ledger.ts';
import { callChange, callPreflight, callProbe } from './proxies.ts';
import { fillTemplates } from './templates.ts';
import type { UndoStack } from './undo/stack.ts';
import { unwind } from './undo/unwind.ts';

/** One run under way: carries out the plan, remembers what to undo, and knows all that the report tells (W8). */
export class Run {
  readonly identity: RunIdentity = createIdentity();
  readonly ledger = new Ledger(this.identity.runId);
  readonly evidence: Evidence[] = [];
  readonly transitions: Transition[] = [];
  readonly findings: Finding[] = [];
  /** Why phases were passed by. */
  readonly skipped = new Map<PhaseName, string>();
  leftovers: readonly Leftover[] = [];
  failure: FailureSummary | null = null;
  outcome: RunOutcome = 'RUNNING';
  endedAt: string | null = null;
  /** The last report, sealed; undefined while the run is under way. */
  sealed: Report | undefined;
  /** What preflight gave; undefined until then. */
  preflighted: Preflight | undefined;
  /** The rows that were judged last from each vantage. */
  readonly #before = new Map<VantageId, readonly Expectation[]>();
  /** What was learnt for each vantage, and for none (''). */
  readonly #facts = new Map<VantageId | '', Facts>();

  /** Validates, reads and plans; changes nothing (W1). */
  async preflight(spec: unknown): Promise<Preflight> {
    const record = this.ledger.start({ name: 'preflight', subject: '' });
    const holder = writeHolder(workflowInfo());
    const { output, attempts } = await this.#track(record, 'preflight', callPreflight(this.identity, { spec, holder }));
    this.preflighted = output;
    this.ledger.warnings.push(...output.site.warnings);
    record.finish(describeSite(output), attempts);
    return output;
  }

  /** Makes a change; its undo is registered first (W2). */
  async apply(change: PlannedChange, undo: UndoStack, observers: readonly ObserverInput[] = []): Promise<void> {
    if (change.undo !== null) undo.push(change.undo);
    const record = this.ledger.startChange(change);
    const input = { change: fillTemplates(change.input, this.#facts), observers };
    const call = callChange(this.#ref(), change, input);
    const { output, attempts } = await this.#track(record, change.step, call);
    this.#remember(change, output);
    record.finish(output.found, attempts);
  }

  /** The changes of a phase, one after the other, watched from every vantage from before the first one. */
  async applyAll(phase: PlannedPhase, plan: Plan, vantages: readonly Vantage[], undo: UndoStack): Promise<void> {
    let observers = this.createObservers(phase.name, plan.targets, vantages);
    for (const change of phase.changes) {
      await this.apply(change, undo, observers);
      observers = [];
    }
  }

  /** Probes every target from every vantage and judges what was seen against the table of the phase. */
  async judge(phase: PlannedPhase, plan: Plan, vantages: readonly Vantage[]): Promise<readonly Verdict[]> {
    const verdicts: Verdict[] = [];
    for (const vantage of vantages) verdicts.push(...(await this.#judgeFrom(vantage, phase, plan)));
    return verdicts;
  }

  async #judgeFrom(vantage: Vantage, phase: PlannedPhase, plan: Plan): Promise<readonly Verdict[]> {
    const rows = listExpectations(phase, vantage.id, plan.targets);
    this.ledger.showExpectations(rows);
    const evidence = await this.#probe(vantage, phase, plan, rows);
    const moments = listMoments(this.ledger.changes, phase.name);
    const before = this.#before.get(vantage.id) ?? null;
    const { verdicts, transitions, findings } = this.#judgeEvidence({ rows, before, moments }, evidence);
    this.#before.set(vantage.id, listHeld(rows, verdicts));
    this.evidence.push(evidence);
    this.transitions.push(...transitions);
    this.findings.push(...findings);
    this.ledger.recordVerdicts(verdicts);
    return verdicts;
  }

  /** Evidence that cannot be judged is a failure like any other: everything is undone. */
  #judgeEvidence(grounds: Grounds, evidence: Evidence): Judgement {
    try {
      return judgePhase(grounds, evidence);
    } catch (error) {
      const { phase, vantage } = evidence;
      const message = `What ${vantage} saw in phase ${phase} could not be judged: ${describeError(error)}`;
      const failure = ApplicationFailure.create({ type: 'Unexpected', message, nonRetryable: true });
      this.failure ??= summarizeFailure(failure, 'judge');
      throw failure;
    }
  }

  async #probe(vantage: Vantage, phase: PlannedPhase, plan: Plan, rows: readonly Expectation[]): Promise<Evidence> {
    const planned = plan.vantages.find(({ id }) => id === vantage.id);
    const record = this.ledger.start({ name: 'probe', subject: phase.name });
    const call = callProbe(this.#ref(), {
      phase: phase.name,
      vantage,
      targets: plan.targets,
      expected: Object.fromEntries(rows.map(({ target, expected }) => [target.id, expected])),
      settings: this.#require().mission.probe,
      observed: this.#before.has(vantage.id),
      ...(planned && { witnesses: { kind: planned.kind, ask: planned.witnesses, policies: phase.policies } }),
      previousSeal: this.evidence.at(-1)?.seal?.sha256 ?? this.identity.runId,
    });
    const { output, attempts } = await this.#track(record, 'probe', call);
    record.finish(describeEvidence(output), attempts);
    return output;
  }

  createObservers(phase: PhaseName, targets: readonly Target[], vantages: readonly Vantage[]): ObserverInput[] {
    return vantages.map(({ session }) => ({ phase, session, targets }));
  }

  /** A planned vantage with what was learnt of it. */
  open({ id, sourceAddresses, session }: PlannedVantage): Vantage {
    return fillTemplates({ id, sourceAddresses, session }, this.#facts);
  }

  factsOf(vantage: VantageId | ''): Facts {
    return this.#facts.get(vantage) ?? {};
  }

  /** Undoes a stack; never cancelled (W5). */
  async undo(stack: UndoStack, observers: readonly ObserverInput[] = []): Promise<void> {
    if (stack.isEmpty) return;
    const unwinding = (): Promise<Leftover[]> => unwind(stack, this.#ref(), this.ledger, observers);
    this.leftovers = [...this.leftovers, ...(await CancellationScope.nonCancellable(unwinding))];
  }

  /** Keeps what is on a stack and says so, but for the lease: a run that is over holds no cluster. */
  keep(stack: UndoStack, why: string): void {
    const kept = stack.takeAllBut(this.preflighted?.plan.lease.id).map(
      ({ undo, subject, command }): Leftover => ({
        ...{ what: `${undo} ${subject}`, why, command },
        ...{ reason: 'kept', code: '' },
      }),
    );
    this.leftovers = [...this.leftovers, ...kept];
  }

  enter(stage: Stage): void {
    this.ledger.stage = stage;
    this.ledger.publish();
    try {
      publishStage(this);
    } catch (error) {
      this.ledger.warnings.push(`Stage ${stage} could not be published: ${describeError(error)}`);
    }
  }

  /** The outcome of a step on its record, when it did not end well; the first failure is the run's (W5). */
  async #track<T>(record: OpenRecord, name: string, call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (isCancelled(error)) record.cancel();
      else {
        const failure = summarizeFailure(error, name);
        record.fail(failure.message, countAttempts(error));
        this.failure ??= failure;
      }
      throw error;
    }
  }

  #remember({ id, vantage }: Pick<PlannedChange, 'id' | 'vantage'>, applied: Applied): void {
    const key: ChangeId | '' = vantage ?? '';
    this.#facts.set(key, { ...this.#facts.get(key), ...applied.facts });
    this.ledger.recordMoments(id, applied.moments ?? []);
    this.ledger.warnings.push(...(applied.warnings ?? []));
  }

  #ref(): RunRef {
    const { mission, site } = this.#require();
    return createRunRef(this.identity, mission, site.location);
  }

  #require(): Preflight {
    if (this.preflighted === undefined) throw new Error('Nothing is changed before preflight (W1).');
    return this.preflighted;
  }
}

function describeSite({ site: { nodes, calico } }: Preflight): string {
  const names = nodes.map(({ name, internalIp }) => `${name} (${internalIp})`).join(', ');
  return `nodes ${names}; Calico ${calico.version}`;
}

function describeEvidence({ connections, convergence }: Evidence): string {
  const how = convergence.reached ? `as expected after ${Math.round(convergence.elapsedMs)} ms` : 'never as expected';
  return `${connections.length} connections, ${how}`;
}
