import type { Report } from '../../src/contract/report.ts';
import type { Verdict } from '../../src/contract/verdict.ts';

const node = 'aks-nodepool1-31415926-vmss000000';

export const verdict = (change: Partial<Verdict> = {}): Verdict => ({
  phase: 'enforced',
  node,
  target: { id: `${node}:30080`, node, address: '10.240.0.4', port: 30080, kind: 'nodePort' },
  expected: 'DROP',
  observed: 'DROP',
  verdict: 'PASS',
  sentence: `${node}:30080 kept silent for 9 SYNs on 3 connections in 3.0 s.`,
  evidence: {
    connections: 3,
    syns: 9,
    windowMs: 3004,
    controls: [{ control: `${node}:10250`, live: true, seen: 'before OPEN, after OPEN' }],
  },
  ...change,
});

export const report = (change: Partial<Report> = {}): Report => ({
  schemaVersion: 1,
  runId: '0a1b2c3d',
  workflowId: 'hepflow-lab-abc123',
  outcome: 'PASS',
  summary: 'Host endpoints protect the nodes’ ports.',
  failure: null,
  steps: [
    {
      name: 'preflight',
      subject: '',
      outcome: 'done',
      startedAt: '2026-01-01T00:00:00.000Z',
      endedAt: '2026-01-01T00:00:01.500Z',
      attempts: 1,
      detail: 'ready',
    },
    {
      name: 'labelNode',
      subject: node,
      outcome: 'failed',
      startedAt: '2026-01-01T00:00:02.000Z',
      endedAt: '2026-01-01T00:01:07.000Z',
      attempts: 3,
      detail: 'a | b\nc',
    },
    { name: 'applyPolicy', subject: '', outcome: 'pending', startedAt: null, endedAt: null, attempts: 0, detail: '' },
  ],
  verdicts: [verdict()],
  transitions: [],
  findings: [],
  evidence: [],
  leftovers: [],
  cluster: {
    id: '/subscriptions/s/x',
    kubernetesVersion: '1.35.4',
    location: 'westeurope',
    vnetId: '/v',
    nodes: [{ name: node, internalIp: '10.240.0.4' }],
  },
  calico: {
    flavour: 'oss',
    version: 'v3.31.0',
    hostEndpointFlowLogs: 'not supported by this Calico',
    hostEndpoints: [`${node}-auto-hep`],
  },
  warnings: [],
  timings: {
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:01:30.000Z',
    totalMs: 90_000,
    convergenceMs: { enforced: 412 },
  },
  mission: null,
  ...change,
});
