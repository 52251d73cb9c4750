/** What a kind of vantage consists of. A new kind costs its folder and its line in registry.ts. */
import type { PlanContext } from '../changes/kind.ts';
import type { AzureRight, KubernetesRight } from '../changes/rights.ts';
import type { Applied, Limits } from '../contract/change.ts';
import type { PlannedVantage } from '../contract/plan.ts';
import type { Change, VantageSpec } from '../contract/scenario.ts';
import type { VantageId } from '../contract/vantage.ts';
import type { StepActivity } from '../step/context.ts';
import type { AskWitnesses } from './port.ts';

export interface VantageKind {
  /** Pure. */
  plan(id: VantageId, spec: VantageSpec, at: PlanContext): VantageDraft;
  /** By activity type: steps that change nothing, such as waiting until somebody can log in. */
  readonly steps: Readonly<Record<string, StepActivity<object, Applied>>>;
  readonly askWitnesses: AskWitnesses;
  readonly rights: { readonly azure: readonly AzureRight[]; readonly kubernetes: readonly KubernetesRight[] };
}

export interface VantageDraft {
  readonly vantage: PlannedVantage;
  /** What makes it stand, in lanes: what a lane holds is undone in one batch. */
  readonly lanes: readonly { readonly name: string; readonly parts: readonly VantagePart[] }[];
}

/** A change that is made for the vantage, or a step of its kind that changes nothing. */
export interface VantagePart {
  /** Unique within the vantage. */
  readonly name: string;
  readonly what: Change | { readonly step: string; readonly input: object; readonly limits: Limits };
  /** Parts that must be there before. */
  readonly needs: readonly string[];
}
