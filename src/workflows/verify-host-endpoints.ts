import type { RunSpec } from '../contract/mission.ts';
import type { Report } from '../contract/report.ts';
import { carryOut, requireGreen } from './carry-out.ts';
import { provision } from './provision.ts';

/**
 * Proves what a scenario expects of the nodes' ports of one AKS cluster, phase by phase, then undoes everything.
 * W1-W15: ARCHITECTURE.md.
 */
export async function verifyHostEndpoints(spec: RunSpec): Promise<Report> {
  return carryOut(async (run, undo, messages) => {
    const { mission, plan } = await run.preflight(spec); // reads only; everything after it may change things (W1)
    await run.apply(plan.lease, undo.lanes);
    const vantages = await provision(run, plan, undo.lanes);
    undo.proveBy(plan, vantages); // while the vantages still live
    for (const phase of plan.phases) {
      if (!(await messages.hasPassed(phase))) continue;
      run.enter(phase.name);
      await run.applyAll(phase, plan, vantages, undo.rules);
      const verdicts = await run.judge(phase, plan, vantages);
      if (phase.required) requireGreen(phase, verdicts); // a red baseline ends the run here (W1)
    }
    await messages.waitForCleanup(mission.cleanup);
  });
}
