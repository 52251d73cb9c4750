/** The steps of a run as the tests expect them. Written by hand, and read from nothing: a step that src/ forgets to undo is noticed. */

interface ExpectedStep {
  /** What takes its effect back; absent where it has none. */
  readonly undo?: string;
  /** What tells its uses in a run with the second node apart, in order. Default: one use. */
  readonly uses?: readonly string[];
}

/** In the order of a run. */
export const expectedSteps = {
  preflight: {},
  holdCluster: { undo: 'releaseCluster' },
  createNetwork: { undo: 'deleteNetwork' },
  createPublicIp: { undo: 'deletePublicIp' },
  createSecurityGroup: { undo: 'deleteSecurityGroup' },
  createInterface: { undo: 'deleteInterface' },
  createVm: { undo: 'deleteVm' },
  awaitSsh: {},
  peerToCluster: { undo: 'deletePeering' },
  peerFromCluster: { undo: 'deletePeering' },
  enableAutoHostEndpoints: { undo: 'restoreAutoHostEndpoints' },
  enableFlowLogs: { undo: 'restoreFlowLogs' },
  exposeNodePort: { undo: 'deleteService' },
  labelNode: { undo: 'restoreLabel', uses: ['of the first node', 'of the second node'] },
  applyPolicy: { undo: 'deletePolicy' },
  probe: { uses: ['of the baseline', 'under the policy', 'with both nodes labelled', 'after the undo'] },
} as const satisfies Readonly<Record<string, ExpectedStep>>;

export type StepName = keyof typeof expectedSteps;

/** What takes a step's effect back; undefined where it has none. */
export const findUndo = (step: StepName): string | undefined => (expectedSteps[step] as ExpectedStep).undo;

/** A use of a step in a run with the second node; `nth` counts from 1. */
export interface StepUse<Step extends string = StepName> {
  readonly step: Step;
  readonly nth: number;
  readonly title: string;
}

/** Every use of every step. */
export const listStepUses = (): StepUse[] =>
  (Object.keys(expectedSteps) as StepName[]).flatMap((step) =>
    nameUses(step, (expectedSteps[step] as ExpectedStep).uses ?? ['']),
  );

/** Uses of the step `undo`: a run without the second node goes back in these batches, in this order. */
export const listUndoUses = (): StepUse<'undo'>[] =>
  nameUses('undo', ['of the rules', 'of the cluster', 'of the peerings', 'of the machine']);

const nameUses = <Step extends string>(step: Step, uses: readonly string[]): StepUse<Step>[] =>
  uses.map((which, index) => ({ step, nth: index + 1, title: `${step} ${which}`.trim() }));
