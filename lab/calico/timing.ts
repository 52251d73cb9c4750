import { type Flavour, flavours } from './flavours.ts';

/** How long Calico's programs take for what a stand-in does at once. */
export interface Timing {
  /** What kube-controllers lets pass between an event of a node or host endpoint and its work. */
  readonly batchMs: number;
  /** From a change of its configuration to its host endpoints' controller, which a new process runs. */
  readonly restartMs: number;
  /**
   * How often a new process looks whether the DaemonSet calico-node is rolled out, first after one such time; until
   * then it holds host endpoints back. 0: it does not look.
   */
  readonly holdMs: number;
  /** How long Felix programs nothing after a change of its configuration that makes it start again. */
  readonly felixRestartMs: number;
}

/** `fast`: everything as soon as the stand-ins can, for tests. `calico`: as Calico's own programs. */
export type CalicoPace = 'fast' | 'calico';

export const noDelays: Timing = { batchMs: 0, restartMs: 0, holdMs: 0, felixRestartMs: 0 };

/** Seen on v3.31.7: `batchWaitDuration` of kube-controllers, and the time from exit 129 to the first host endpoint. */
const untilRelease331: Timing = { batchMs: 1000, restartMs: 450, holdMs: 0, felixRestartMs: 2500 };

/** New in v3.32: kube-controllers waits for the DaemonSet calico-node. */
const sinceRelease332: Timing = { ...untilRelease331, holdMs: 5000 };

/** The timing of genuine Calico of the release that a flavour's ClusterInformation names. */
export const chooseTiming = (pace: CalicoPace, flavour: Flavour): Timing => {
  if (pace === 'fast') return noDelays;
  return flavours[flavour].versions.calicoVersion.startsWith('v3.32.') ? sinceRelease332 : untilRelease331;
};
