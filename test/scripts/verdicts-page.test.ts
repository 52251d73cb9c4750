import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { cases, judgeCase } from '../../scripts/finding-examples.ts';
import { formFindingTemplate, placeFinding } from '../../scripts/finding-sentences.ts';
import { answer, drop, examples } from '../../scripts/verdict-examples.ts';
import { countExample, formTemplate, listSentences, verdictsPage } from '../../scripts/verdicts-page.ts';
import { type Connection, type Evidence, type Outcome, outcomes } from '../../src/contract/evidence.ts';
import { censorings, findingResults } from '../../src/contract/report.ts';
import type { Dial } from '../../src/evidence/track.ts';
import { findRule, rules } from '../../src/judge/judge.ts';
import * as sentences from '../../src/judge/sentences/verdict.ts';
import { createBackends, createEvidence, dial, dialAround, first, second, workers } from '../support/evidence.ts';
import { createObservation, holdConnection } from '../support/observation.ts';

const written = readFileSync(new URL('../../docs/verdicts.md', import.meta.url), 'utf8');
const everyRule = [...rules.DROP, ...rules.OPEN];

test('docs/verdicts.md is what the rules say', () => {
  assert.equal(written, verdictsPage(), 'run: npm run docs');
});

test('every rule of the judge has a sentence on the page, and every sentence of the source has a rule', () => {
  for (const rule of everyRule) assert.ok(listSentences(rule).size > 0, `${rule.verdict} ${rule.explain.name}`);
  assert.deepEqual(
    new Set<unknown>(everyRule.map(({ explain }) => explain)),
    new Set<unknown>(Object.values(sentences)),
  );
});

test('a sentence on the page keeps nothing of the run that its example comes from', () => {
  for (const rule of everyRule)
    for (const template of listSentences(rule).keys())
      assert.doesNotMatch(template, /\d|node-|frontend|OPEN|DROP|RST|CONTROL\b|vm\b/);
});

const outcome = fc.constantFrom<Outcome>(...outcomes);
const connection = (stage: Connection['stage'], of: fc.Arbitrary<Outcome> = outcome): fc.Arbitrary<Connection> =>
  fc
    .record({
      target: fc.constantFrom(drop.target.id, ...drop.controls),
      outcome: of,
      isNamed: fc.boolean(),
      sourcePort: fc.integer({ min: 1, max: 9 }),
      elapsedMs: fc.double({ min: 0, max: 6000, noNaN: true }),
      syns: fc.nat(4),
    })
    .map(({ isNamed, ...one }) => ({
      ...one,
      stage,
      startedAt: workers(0),
      ...(isNamed && one.outcome === 'OPEN'
        ? { response: `frontend pod=p${one.sourcePort} node=n${one.sourcePort}` }
        : {}),
      ...(isNamed && one.outcome === 'ICMP_REJECT' ? { icmp: { type: 3, code: one.sourcePort } } : {}),
      ...(isNamed && one.outcome === 'PROBE_FAULT' ? { fault: 'cannot send: EPERM 1' } : {}),
    }));
/** The tested port and its controls dialled once in each stage around the proof: all open, or all closed after it. */
const bracket = fc
  .constantFrom<Outcome>('OPEN', 'OPEN', 'OPEN', 'DROP', 'RST')
  .map((last) =>
    [drop.target.id, ...drop.controls].flatMap((id) => [
      ...dialAround({ id }).filter(({ stage }) => stage !== 'after'),
      ...dial({ id }, 'after', [last]),
    ]),
  );
const uniform = outcome.chain((one) => fc.array(connection('proof', fc.constant(one)), { maxLength: 5 }));
/** A whole proof of silence. */
const silence = fc.integer({ min: 3, max: 4 }).map((count) =>
  dial(
    drop.target,
    'proof',
    Array.from({ length: count }, () => 'DROP'),
  ),
);
const mixed = fc.array(fc.oneof(connection('proof'), connection('before'), connection('during'), connection('after')), {
  maxLength: 8,
});

/** What the observer and the witnesses report, where they do, taken from the examples of the page. */
const besides = examples.flatMap(({ evidence: { observation, witnesses } }) =>
  observation || witnesses ? [{ ...(observation && { observation }), ...(witnesses && { witnesses }) }] : [],
);

const evidence: fc.Arbitrary<Evidence> = fc
  .record({
    connections: fc
      .tuple(fc.oneof(uniform, silence, mixed), fc.oneof(bracket, fc.constant([])))
      .map((parts) => parts.flat()),
    phase: fc.constantFrom('enforced', 'enforced', 'enforced', 'restored'),
    backends: fc.constantFrom(createBackends(2, 0), createBackends(2, 1), createBackends(2), {}),
    beside: fc.constantFrom({}, {}, ...besides),
  })
  .map(({ beside, ...seen }) => ({
    ...createEvidence([], { kernel: '5.15.0', targets: examples[0]?.evidence.targets ?? [], ...seen }),
    ...beside,
  }));

test('whatever the evidence, the sentence is one of those on the page for the rule that decides', () => {
  const decided = new Set<unknown>();
  const listed = new Map(everyRule.map((rule) => [rule, listSentences(rule)] as const));
  const rows = [drop, answer, { ...drop, controls: [] }] as const;
  fc.assert(
    fc.property(evidence, fc.constantFrom(...rows), (seen, row) => {
      const facts = countExample({ row, evidence: seen });
      const rule = findRule(facts);
      const sentence = rule.explain(facts);
      const template = formTemplate(sentence, facts);
      assert.ok(listed.get(rule)?.has(template), `${template}\nof: ${sentence}`);
      assert.ok(written.includes(`| ${rule.verdict} | ${template} |`), template);
      decided.add(rule);
    }),
    { numRuns: 1500 },
  );
  assert.ok(decided.size >= everyRule.length - 2, `${decided.size} of ${everyRule.length} rules were visited`);
});

test('the page lists every kind of finding with every result, and every censorship of a transition', () => {
  for (const about of ['observer', 'heldConnection', 'a node counter', 'a way'])
    for (const result of findingResults) assert.ok(written.includes(`| ${about} | ${result} |`), `${about} ${result}`);
  for (const result of ['CONFIRMED', 'UNKNOWN']) assert.ok(written.includes(`| backendBehindDeny | ${result} |`));
  assert.ok(written.includes('| witnesses | UNKNOWN |'));
  for (const censored of censorings) assert.ok(written.includes(`| ${censored} |`), censored);
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
  asked: fc.constantFrom(...cases),
});

test('whatever was seen, every transition and every finding has its sentence on the page', () => {
  const said = new Set<string>();
  fc.assert(
    fc.property(someCase, ({ base, tested, control, others, asked }) => {
      const seen = createObservation(
        { [first.id]: tested, ...(control ? { [second.id]: control.slice(0, tested.length) } : {}) },
        { held: [holdConnection(first, 'answered')] },
      );
      const { witnesses, backends, answers } = others.evidence;
      const whole = {
        ...base.evidence,
        observation: seen,
        backends,
        ...(witnesses ? { witnesses } : {}),
        ...(answers ? { answers } : {}),
      };
      const { transitions, findings } = judgeCase({ ...base, evidence: whole, moments: asked.moments });
      for (const { censored, sentence } of transitions) {
        const template = formFindingTemplate(sentence);
        const [end] = / (?:None of N|N of N|N) later connections .*$/.exec(template) ?? [''];
        const beginning = template.slice(0, template.length - end.length);
        assert.ok(
          written.includes(`| ${censored} | ${beginning}`) && written.includes(`${end} |`),
          `${censored} | ${template}`,
        );
      }
      for (const { about, result, sentence } of findings) {
        assert.ok(
          written.includes(`| ${placeFinding({ about, result })} | ${formFindingTemplate(sentence)} |`),
          `${about} | ${result} | ${formFindingTemplate(sentence)}`,
        );
        said.add(`${about} ${result}`);
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(said.size > 15, `${said.size} kinds of findings were visited`);
});
