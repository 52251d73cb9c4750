import type { RunRef } from '../../src/contract/run.ts';

/** A run as steps are told of it. */
export const sampleRun: RunRef = {
  runId: '0a1b2c3d',
  workflowId: 'hepflow-lab-0a1b2c3d',
  firstExecutionRunId: 'first',
  startedAt: '2026-01-02T03:04:05.000Z',
  subscriptionId: 's',
  resourceGroup: 'g',
  location: 'westeurope',
  cluster: { subscriptionId: 's', resourceGroup: 'g', name: 'lab' },
  expiresAt: '2026-01-03T03:04:05.000Z',
};
