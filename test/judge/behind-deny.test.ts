import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pods } from '../../scripts/finding-examples.ts';
import type { Evidence } from '../../src/contract/evidence.ts';
import { judgePhase } from '../../src/judge/judgement.ts';
import {
  createBackends,
  createEvidence,
  createRows,
  createTarget,
  first,
  firstOpen,
  second,
  secondOpen,
  service,
  workers,
} from '../support/evidence.ts';
import { rows, whole } from './deny.ts';

const answers = (lines: Readonly<Record<string, number>>): Pick<Evidence, 'answers'> => ({
  answers: { [second.id]: lines },
});
const health = (some: typeof pods) => ({ readyEndpoints: 2, readAt: workers(0), pods: some });

rows('backendBehindDeny', [
  [
    'a pod of the denied node that answers through the open node lives',
    whole(),
    'CONFIRMED',
    /^The pod frontend-1 on node-1 gave 11 of 20 answers through node-2:30080\. The workload lives there, and only/,
  ],
  [
    'several pods of it are all named, and their answers are added up',
    whole({
      backends: createBackends(2, 2, [...pods, { name: 'web-2', node: 'node-1', ip: '10.1.0.3' }]),
      ...answers({ 'frontend-1': 3, 'I am web-2.': 4, 'frontend-10': 5 }),
    }),
    'CONFIRMED',
    /^The pods frontend-1 and web-2 on node-1 gave 7 of 12 answers through node-2:30080\./,
  ],
  [
    'several pods of it that did not answer are all named',
    whole({
      backends: createBackends(2, 2, [...pods, { name: 'web-2', node: 'node-1', ip: '10.1.0.3' }]),
      ...answers({ 'frontend-10': 5 }),
    }),
    'UNKNOWN',
    /: none of 5 answers came from frontend-1 and web-2, which run there\.$/,
  ],
  [
    'a pod whose name stands at its second place in the line is found',
    whole(answers({ 'frontend-10 frontend-1': 2 })),
    'CONFIRMED',
    /^The pod frontend-1 on node-1 gave 2 of 2 answers/,
  ],
  [
    'a pod whose name ends another is not found',
    whole(answers({ 'my-frontend-1': 2, 'frontend-10': 1 })),
    'UNKNOWN',
    /none of 3 answers came from frontend-1/,
  ],
  [
    'a pod that was ready before or after alone counts',
    whole({ backends: { [service]: { before: health(pods.slice(1)), after: health(pods) } } }),
    'CONFIRMED',
    /^The pod frontend-1 on node-1 gave 11 of 20/,
  ],
  [
    'a pod that was ready before alone counts too',
    whole({ backends: { [service]: { before: health(pods), after: health(pods.slice(1)) } } }),
    'CONFIRMED',
    /^The pod frontend-1 on node-1 gave 11 of 20/,
  ],
  [
    'a pod whose name begins in the middle of a word is not found',
    whole(answers({ 'xfrontend-1': 2, 'frontend-10': 1 })),
    'UNKNOWN',
    /none of 3 answers came from frontend-1/,
  ],
  [
    'a line that names no pod is counted among all answers',
    whole(answers({ 'frontend-1': 3, hello: 1 })),
    'CONFIRMED',
    /gave 3 of 4 answers/,
  ],
  ['pods of a service that was not read are UNKNOWN', whole({ backends: {} }), 'UNKNOWN', /where the pods run could/],
  [
    'a pod is known by its whole name',
    whole(answers({ 'frontend pod=frontend-10 node=node-2': 9 })),
    'UNKNOWN',
    /none of 9 answers came from frontend-1, which runs there/,
  ],
  [
    'answers that name no pod are UNKNOWN',
    whole(answers({ '<!doctype html>': 20 })),
    'UNKNOWN',
    /the answers name no pod/,
  ],
  ['no answers are UNKNOWN', whole({ answers: {} }), 'UNKNOWN', /no answer there gave a name/],
  [
    'without a pod on the denied node it is UNKNOWN',
    whole({ backends: createBackends(2, 2, pods.slice(1)) }),
    'UNKNOWN',
    /no pod runs there/,
  ],
  [
    'where pods run that could not be read is UNKNOWN',
    whole({ backends: createBackends(2, 2, []) }),
    'UNKNOWN',
    /where the pods run could not be read/,
  ],
]);

test('a pod behind a deny is looked for through an open NodePort of the same service on another node', () => {
  const elsewhere = { ...second, service: 'demo/other' };
  const beside = { ...createTarget('node-1:30090'), service };
  for (const [silent, open, looked] of [
    [first, second, 1],
    [first, elsewhere, 0],
    [first, beside, 0],
    [firstOpen, second, 0],
    [first, secondOpen, 0],
    [firstOpen, secondOpen, 0],
  ] as const) {
    const rows = createRows('enforced', [silent], [silent, open]);
    const { findings } = judgePhase({ rows, before: null, moments: [] }, createEvidence(rows));
    const behind = findings.filter((one) => one.about === 'backendBehindDeny');
    assert.equal(behind.length, looked, `${silent.id} ${open.id}`);
  }
});

test('the first open NodePort is the one that is looked through, whatever is silent beside it', () => {
  const [third, fourth] = [createTarget('node-3:30080'), createTarget('node-4:30080')];
  const rows = createRows('enforced', [first, second], [first, second, third, fourth]);
  const { findings } = judgePhase({ rows, before: null, moments: [] }, createEvidence(rows));
  const behind = findings.filter((one) => one.about === 'backendBehindDeny');
  assert.deepEqual(
    behind.map(({ subject, sentence }) => [subject, sentence]),
    ['node-1', 'node-2'].map((node) => [
      node,
      `Whether a pod on ${node} answers through node-3:30080 is not known: no answer there gave a name.`,
    ]),
  );
});
