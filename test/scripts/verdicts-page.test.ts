import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { cases, judged } from '../../scripts/finding-examples.ts';
import { findingTemplateOf } from '../../scripts/finding-sentences.ts';
import { first, heldOn, observation, second } from '../../scripts/observed-examples.ts';
import { answer, drop, examples } from '../../scripts/verdict-examples.ts';
import { ruleOf, sentencesOf, templateOf, verdictsPage } from '../../scripts/verdicts-page.ts';
import type { Connection, Evidence, Outcome } from '../../src/contract/evidence.ts';
import type { FindingAbout } from '../../src/contract/report.ts';
import type { Dial } from '../../src/evidence/track.ts';
import { judge, rules } from '../../src/judge/judge.ts';
import * as sentences from '../../src/judge/sentences/verdict.ts';

const written = readFileSync(new URL('../../docs/verdicts.md', import.meta.url), 'utf8');
const everyRule = [...rules.DROP, ...rules.OPEN];

test('docs/verdicts.md is what the rules say', () => {
  assert.equal(written, verdictsPage(), 'run: npm run docs');
});

test('every rule of the judge has a sentence on the page, and every sentence of the source is told by a rule', () => {
  for (const rule of everyRule) assert.ok(sentencesOf(rule).size > 0, `${rule.verdict} ${rule.says.name}`);
  assert.deepEqual(new Set<unknown>(everyRule.map(({ says }) => says)), new Set<unknown>(Object.values(sentences)));
});

test('a sentence on the page keeps nothing of the run that its example comes from', () => {
  for (const rule of everyRule)
    for (const template of sentencesOf(rule).keys())
      assert.doesNotMatch(template, /\d|node-|frontend|OPEN|DROP|RST|CONTROL\b/);
});

const dialled = { sourcePort: 1, startedAt: '2026-01-02T03:04:05.000Z', elapsedMs: 1, syns: 1 };
const outcome = fc.constantFrom<Outcome>('OPEN', 'DROP', 'RST', 'ICMP_REJECT', 'PROBE_FAULT');
const connection = (stage: Connection['stage'], of: fc.Arbitrary<Outcome> = outcome): fc.Arbitrary<Connection> =>
  fc
    .record({
      target: fc.constantFrom(drop.target.id, ...drop.controls),
      outcome: of,
      told: fc.boolean(),
      sourcePort: fc.integer({ min: 1, max: 9 }),
      elapsedMs: fc.double({ min: 0, max: 6000, noNaN: true }),
      syns: fc.nat(4),
    })
    .map(({ told, ...one }) => ({
      ...one,
      stage,
      startedAt: '2026-01-02T03:04:05.000Z',
      ...(told && one.outcome === 'OPEN'
        ? { response: `frontend pod=p${one.sourcePort} node=n${one.sourcePort}` }
        : {}),
      ...(told && one.outcome === 'ICMP_REJECT' ? { icmp: { type: 3, code: one.sourcePort } } : {}),
      ...(told && one.outcome === 'PROBE_FAULT' ? { fault: 'cannot send: EPERM 1' } : {}),
    }));
/** The tested port and its controls dialled once in each stage around the proof: all open, or all closed after it. */
const bracket = fc
  .constantFrom<Outcome>('OPEN', 'OPEN', 'OPEN', 'DROP', 'RST')
  .map((last) =>
    [drop.target.id, ...drop.controls].flatMap((target) =>
      (['before', 'during', 'after'] as const).map(
        (stage): Connection => ({ ...dialled, target, stage, outcome: stage === 'after' ? last : 'OPEN' }),
      ),
    ),
  );
const uniform = outcome.chain((one) => fc.array(connection('proof', fc.constant(one)), { maxLength: 5 }));
/** A whole proof of silence. */
const silence: fc.Arbitrary<Connection[]> = fc.integer({ min: 3, max: 4 }).map((count) =>
  Array.from({ length: count }, (_, at) => ({
    ...dialled,
    target: drop.target.id,
    stage: 'proof',
    outcome: 'DROP',
    sourcePort: at,
    elapsedMs: 3001,
    syns: 3,
  })),
);
const mixed = fc.array(fc.oneof(connection('proof'), connection('before'), connection('during'), connection('after')), {
  maxLength: 8,
});

/** What the observer and the witnesses say, where they say anything, taken from the examples of the page. */
const besides = examples.flatMap(({ evidence: { observation, witnesses } }) =>
  observation || witnesses ? [{ ...(observation && { observation }), ...(witnesses && { witnesses }) }] : [],
);

const evidence: fc.Arbitrary<Evidence> = fc
  .record({
    connections: fc
      .tuple(fc.oneof(uniform, silence, mixed), fc.oneof(bracket, fc.constant([])))
      .map((parts) => parts.flat()),
    phase: fc.constantFrom('enforced' as const, 'enforced' as const, 'enforced' as const, 'restored' as const),
    ready: fc.constantFrom(0, 1, 2),
    beside: fc.constantFrom({}, {}, ...besides),
  })
  .map(({ connections, phase, ready, beside }) => ({
    ...beside,
    phase,
    startedAt: '2026-01-02T03:04:05.000Z',
    endedAt: '2026-01-02T03:04:05.000Z',
    kernel: '5.15.0',
    targets: examples[0]?.evidence.targets ?? [],
    convergence: { reached: true, rounds: 1, elapsedMs: 1 },
    connections,
    backends: { before: { readyEndpoints: 2, readAt: '' }, after: { readyEndpoints: ready, readAt: '' } },
  }));

test('whatever the evidence, the sentence is one of those on the page for the rule that decides', () => {
  const decided = new Set<unknown>();
  const rows = [drop, answer, { ...drop, controls: [] }] as const;
  fc.assert(
    fc.property(evidence, fc.constantFrom(...rows), (seen, row) => {
      const [verdict] = judge([row], seen);
      const rule = ruleOf({ row, evidence: seen });
      assert.ok(verdict !== undefined && rule !== undefined);
      const template = templateOf(verdict.sentence, { row, evidence: seen });
      assert.ok(sentencesOf(rule).has(template), `${template}\nof: ${verdict.sentence}`);
      assert.ok(written.includes(`| ${verdict.verdict} | ${template} |`), template);
      decided.add(rule);
    }),
    { numRuns: 1500 },
  );
  assert.ok(decided.size >= everyRule.length - 2, `${decided.size} of ${everyRule.length} rules were visited`);
});

test('the page lists every kind of finding with every result that it can have, and every censorship of a transition', () => {
  const abouts: readonly FindingAbout[] = [
    'observer',
    'heldConnection',
    'deniedPackets',
    'securityRules',
    'routes',
    'peerings',
  ];
  for (const about of abouts)
    for (const result of ['CONFIRMED', 'CONTRADICTED', 'UNKNOWN'])
      assert.ok(written.includes(`| ${about} | ${result} |`), `${about} ${result}`);
  for (const result of ['CONFIRMED', 'UNKNOWN']) assert.ok(written.includes(`| backendBehindDeny | ${result} |`));
  for (const censored of ['no', 'left', 'right', 'unobserved'])
    assert.ok(written.includes(`| ${censored} |`), censored);
});

const runs = fc
  .array(fc.tuple(fc.constantFrom<Dial>('o', 'o', 'd', 'd', 'r', '-'), fc.integer({ min: 1, max: 60 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((all) => all.flatMap(([one, times]) => Array.from({ length: times }, () => one)));
const someCase = fc.record({
  base: fc.constantFrom(...cases),
  tested: runs,
  control: fc.option(runs, { nil: undefined }),
  others: fc.constantFrom(...cases),
  marks: fc.constantFrom(...cases),
});

test('whatever was seen, every transition and every finding is told in a sentence of the page', () => {
  const said = new Set<string>();
  fc.assert(
    fc.property(someCase, ({ base, tested, control, others, marks }) => {
      const seen = observation(
        { [first.id]: tested, ...(control ? { [second.id]: control.slice(0, tested.length) } : {}) },
        { held: [heldOn(first, 'answered', 4900)] },
      );
      const { witnesses, backends, answers } = others.evidence;
      const whole = {
        ...base.evidence,
        observation: seen,
        backends,
        ...(witnesses ? { witnesses } : {}),
        ...(answers ? { answers } : {}),
      };
      const { transitions, findings } = judged({ evidence: whole, marks: marks.marks });
      for (const { censored, sentence } of transitions) {
        const template = findingTemplateOf(sentence);
        const [end] = /; (?:N of N )?N? ?new connections .*$/.exec(template) ?? [''];
        const beginning = template.slice(0, template.length - end.length);
        assert.ok(
          written.includes(`| ${censored} | ${beginning}`) && written.includes(`${end} |`),
          `${censored} | ${template}`,
        );
      }
      for (const { about, result, sentence } of findings) {
        assert.ok(
          written.includes(`| ${about} | ${result} | ${findingTemplateOf(sentence)} |`),
          `${about} | ${result} | ${findingTemplateOf(sentence)}`,
        );
        said.add(`${about} ${result}`);
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(said.size > 15, `${said.size} kinds of findings were visited`);
});
