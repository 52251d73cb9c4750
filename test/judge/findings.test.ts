import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { agreeing, baseline, deny, restored } from '../../scripts/finding-examples.ts';
import type { Observation } from '../../src/contract/observation.ts';
import type { Finding } from '../../src/contract/report.ts';
import { judgePhase } from '../../src/judge/judgement.ts';
import { combineVerdicts } from '../../src/judge/outcome.ts';
import { createEvidence, first } from '../support/evidence.ts';
import { createMoment, createObservation, dials, holdConnection } from '../support/observation.ts';
import { about, allOpen, judgeOn, list, rows, saw, watched, whole } from './deny.ts';

test('a deny that everybody agrees on has a CONFIRMED finding from each, and is a PASS', () => {
  const { findings, verdicts } = judgeOn(whole());
  assert.deepEqual(list(findings), [
    ['observer', first.id, 'CONFIRMED'],
    ['heldConnection', first.id, 'CONFIRMED'],
    ['backendBehindDeny', 'node-1', 'CONFIRMED'],
    ['deniedPackets', 'node-1', 'CONFIRMED'],
    ['securityRules', '', 'CONFIRMED'],
    ['peerings', '', 'CONFIRMED'],
  ]);
  assert.equal(combineVerdicts(verdicts, findings), 'PASS');
  for (const { phase, vantage } of findings) assert.deepEqual([phase, vantage], ['enforced', 'vm']);
  assert.deepEqual(
    findings.map(({ title }) => title),
    [
      'An observer that dialled all the while',
      'A connection that was opened before the deny',
      'The pods behind the denied node',
      "Calico's packet counters",
      "Azure's effective security rules",
      'The peering',
    ],
  );
});

test('nobody need be asked where nothing is to be silent; elsewhere that is UNKNOWN, and takes no PASS away', () => {
  const open = { rows: baseline, before: null, moments: [] };
  assert.deepEqual(judgePhase(open, createEvidence(baseline)).findings, []);
  const { findings, verdicts } = judgeOn(createEvidence(deny().rows));
  assert.deepEqual(list(findings), [
    ['observer', first.id, 'UNKNOWN'],
    ['heldConnection', first.id, 'UNKNOWN'],
    ['backendBehindDeny', 'node-1', 'UNKNOWN'],
    ['witnesses', '', 'UNKNOWN'],
  ]);
  assert.deepEqual([findings.at(-1)?.title, findings.at(-1)?.sentence], ['Witnesses', 'No witness was asked.']);
  assert.equal(combineVerdicts(verdicts, findings), 'PASS');
  const nobody = judgeOn(whole({ witnesses: [] })).findings;
  assert.deepEqual(list(nobody).at(-1), ['witnesses', '', 'UNKNOWN']);
});

test('where no port is to be silent, no counter, held connection or backend behind a deny is looked for', () => {
  const open = { rows: restored, before: restored, moments: [] };
  const { findings } = judgePhase(open, createEvidence(restored, { witnesses: agreeing, observation: watched() }));
  assert.deepEqual(list(findings), [
    ['securityRules', '', 'CONFIRMED'],
    ['peerings', '', 'CONFIRMED'],
  ]);
});

test('a port that answers again has an observer, and no held connection', () => {
  const undo = { rows: restored, before: deny().rows, moments: [] };
  const { findings } = judgePhase(
    undo,
    createEvidence(restored, { observation: createObservation({ [first.id]: dials('43d 60o') }) }),
  );
  assert.deepEqual(list(findings), [['observer', first.id, 'CONFIRMED']]);
});

rows('observer', [
  [
    'that saw the port fall silent agrees',
    whole(),
    'CONFIRMED',
    /^The observer saw node-1:30080 fall silent and stay silent\.$/,
  ],
  [
    'that could not be read is missing, with the reason',
    whole({ observation: { missing: 'x' } }),
    'UNKNOWN',
    /^No observer saw node-1:30080 fall silent: x\.$/,
  ],
  [
    'that saw no lasting silence contradicts a silent proof',
    saw('200o'),
    'CONTRADICTED',
    /^The observer saw no lasting silence of node-1:30080\.$/,
  ],
  [
    'that ended by its own time limit before the change showed knows nothing',
    saw('200o', { ended: 'bound' }),
    'UNKNOWN',
    /^The observer reached its own time limit before node-1:30080 fell silent\.$/,
  ],
  [
    'that saw silence before it was asked for contradicts: something else did it',
    saw('10o 190d'),
    'CONTRADICTED',
    /^The observer saw node-1:30080 silent before the change was asked for\.$/,
  ],
  [
    'that saw a connection get through agrees with the FAIL that it makes',
    saw('43o 20d 1o 60d'),
    'CONFIRMED',
    /^The observer saw 1 connection to node-1:30080 get through after the first silence\.$/,
  ],
  [
    'that saw no silence agrees with a FAIL',
    whole({ observation: createObservation({ [first.id]: dials('200o') }), ...allOpen }),
    'CONFIRMED',
    /no lasting silence of node-1:30080\.$/,
  ],
]);

test('a finding that contradicts takes the PASS away even where all verdicts stand', () => {
  const { findings, verdicts } = judgeOn(whole({ observation: watched({ held: [holdConnection(first, 'reset')] }) }));
  assert.deepEqual([combineVerdicts(verdicts), combineVerdicts(verdicts, findings)], ['PASS', 'INCONCLUSIVE']);
});

describe('an observer of a port that should answer again', () => {
  const asked = [createMoment('policyDeleted', 1000)];
  const table: readonly (readonly [string, Finding['result'], string, Partial<Observation>?])[] = [
    ['43d 60o', 'CONFIRMED', 'The observer saw node-1:30080 answer again.'],
    ['100d', 'CONTRADICTED', 'The observer saw no lasting answers of node-1:30080.'],
    ['20d 60o', 'CONTRADICTED', 'The observer saw node-1:30080 answer before the change was asked for.'],
    ['43- 60o', 'CONFIRMED', 'The observer saw node-1:30080 answer from its first dial on.'],
    [
      '100d',
      'UNKNOWN',
      'The observer reached its own time limit before node-1:30080 answered again.',
      { ended: 'bound' },
    ],
    [
      '100-',
      'UNKNOWN',
      'No observer saw node-1:30080 answer again: its controls did not answer beside it while an observer ran.',
    ],
  ];
  for (const [track, result, sentence, more] of table) {
    test(`${track}: ${sentence}`, () => {
      const observation = createObservation({ [first.id]: dials(track) }, more);
      const undo = { rows: restored, before: deny().rows, moments: asked };
      const [finding] = judgePhase(undo, createEvidence(restored, { observation })).findings;
      assert.deepEqual([finding?.result, finding?.sentence], [result, sentence]);
    });
  }
});

test('an observer that saw silence from its first dial on agrees with a silent proof', () => {
  const { result, sentence } = about(
    'observer',
    whole({ observation: createObservation({ [first.id]: dials('43- 60d') }) }),
  );
  assert.deepEqual([result, sentence], ['CONFIRMED', 'The observer saw node-1:30080 silent from its first dial on.']);
});
