import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Expected } from '../../src/contract/evidence.ts';
import type { PhaseOutline } from '../../src/contract/plan.ts';
import type { Matrix, Scenario, TargetSpec } from '../../src/contract/scenario.ts';
import { listExpectations, outlinePhases } from '../../src/scenario/outline.ts';
import { listTargets } from '../../src/scenario/targets.ts';
import { workshop } from '../support/scenarios.ts';

const nodes = [
  { name: 'a', internalIp: '10.0.0.1' },
  { name: 'b', internalIp: '10.0.0.2' },
  { name: 'c', internalIp: '10.0.0.3' },
];

type Row = readonly [target: string, expected: Expected, controls: readonly string[]];
const rowsOf = (phase: PhaseOutline | undefined): readonly Row[] =>
  (phase?.expectations ?? []).map(({ target, expected, controls }) => [target, expected, controls]);

/** Rows of a phase that expects this of these ports, each of them on the first so many nodes. */
function expectOn(count: number, ports: Readonly<Record<string, number>>, expect: Matrix): readonly Row[] {
  const numbers = Array.from({ length: count }, (_, index) => index);
  const specs = Object.entries(ports).map(([name, port]): [string, TargetSpec] => [
    name,
    { kind: 'openPort', port, nodes: numbers },
  ]);
  const scenario: Scenario = {
    ...workshop,
    targets: Object.fromEntries(specs),
    phases: [{ ...workshop.phases[0], expect }],
  };
  return rowsOf(outlinePhases(scenario, nodes.slice(0, count))[0]);
}

describe('the workshop on two nodes', () => {
  const phases = outlinePhases(workshop, nodes.slice(0, 2));
  const allOpen: readonly Row[] = [
    ['a:30080', 'OPEN', []],
    ['b:30080', 'OPEN', []],
    ['a:10250', 'OPEN', []],
    ['b:10250', 'OPEN', []],
  ];
  const table: Readonly<Record<string, readonly Row[]>> = {
    baseline: allOpen,
    enforced: [['a:30080', 'DROP', ['b:30080', 'a:10250']], ...allOpen.slice(1)],
    second: [
      ['a:30080', 'DROP', ['a:10250', 'b:10250']],
      ['b:30080', 'DROP', ['a:10250', 'b:10250']],
      ...allOpen.slice(2),
    ],
    restored: allOpen,
  };

  test("has its phases in order, undo's own proof last", () =>
    assert.deepEqual(
      phases.map(({ name }) => name),
      Object.keys(table),
    ));

  for (const [name, rows] of Object.entries(table))
    test(`judges all four ports in phase ${name}, a deny with its controls`, () => {
      const phase = phases.find((each) => each.name === name);
      assert.deepEqual(rowsOf(phase), rows);
      assert.ok(phase?.expectations.every(({ vantage }) => vantage === 'vm'));
    });

  test('tells of each phase its words, its gate, and whether it is required', () => {
    const [baseline, , second, restored] = phases;
    const [first, , gated] = workshop.phases;
    assert.deepEqual([baseline?.title, baseline?.claim], [first.title, first.claim]);
    assert.deepEqual(
      phases.map(({ required }) => required),
      [true, false, false, false],
    );
    assert.notEqual(gated?.gate, undefined);
    assert.deepEqual([baseline?.gate, second?.gate, restored?.gate], [null, gated?.gate, null]);
    assert.deepEqual([restored?.title, restored?.claim], [workshop.restored.title, workshop.restored.claim]);
  });
});

describe('controls of a deny', () => {
  test('on one node are another port of it', () =>
    assert.deepEqual(expectOn(1, { web: 80, control: 90 }, { web: 'DROP' }), [
      ['a:80', 'DROP', ['a:90']],
      ['a:90', 'OPEN', []],
    ]));

  test('on one node with nothing else to dial are none', () =>
    assert.deepEqual(expectOn(1, { web: 80 }, { web: 'DROP' }), [['a:80', 'DROP', []]]));

  test('are the same port of another node and another port of the same node, the first of each', () =>
    assert.deepEqual(expectOn(3, { web: 80, control: 90, spare: 91 }, { web: { 1: 'DROP' } }).slice(0, 3), [
      ['a:80', 'OPEN', []],
      ['b:80', 'DROP', ['a:80', 'b:90']],
      ['c:80', 'OPEN', []],
    ]));

  test('where the same port is silent on the next node, are that of a node that answers', () =>
    assert.deepEqual(expectOn(3, { web: 80, control: 90 }, { web: { 0: 'DROP', 1: 'DROP' } }).slice(0, 3), [
      ['a:80', 'DROP', ['c:80', 'a:90']],
      ['b:80', 'DROP', ['c:80', 'b:90']],
      ['c:80', 'OPEN', []],
    ]));

  test('where the port is silent on every node, are another port of another node instead of it', () =>
    assert.deepEqual(expectOn(3, { web: 80, control: 90 }, { web: 'DROP' }).slice(0, 3), [
      ['a:80', 'DROP', ['a:90', 'b:90']],
      ['b:80', 'DROP', ['a:90', 'b:90']],
      ['c:80', 'DROP', ['a:90', 'c:90']],
    ]));

  test('where all of a node is silent, are of another node alone', () =>
    assert.deepEqual(expectOn(2, { web: 80, control: 90 }, { web: { 0: 'DROP' }, control: { 0: 'DROP' } }), [
      ['a:80', 'DROP', ['b:80']],
      ['b:80', 'OPEN', []],
      ['a:90', 'DROP', ['b:90']],
      ['b:90', 'OPEN', []],
    ]));

  test('where everything is silent, are none', () =>
    assert.deepEqual(expectOn(2, { web: 80 }, { web: 'DROP' }), [
      ['a:80', 'DROP', []],
      ['b:80', 'DROP', []],
    ]));

  test('prefer the same port of another node to a port that comes before it', () =>
    assert.deepEqual(expectOn(2, { control: 90, web: 80 }, { web: { 0: 'DROP' } }), [
      ['a:90', 'OPEN', []],
      ['b:90', 'OPEN', []],
      ['a:80', 'DROP', ['a:90', 'b:80']],
      ['b:80', 'OPEN', []],
    ]));
});

test('a target or a node that is not named is expected to be open', () => {
  assert.deepEqual(
    expectOn(2, { web: 80, control: 90 }, { web: { 1: 'DROP' } }).map(([, expected]) => expected),
    ['OPEN', 'DROP', 'OPEN', 'OPEN'],
  );
  assert.deepEqual(
    expectOn(2, { web: 80 }, {}).map(([, expected]) => expected),
    ['OPEN', 'OPEN'],
  );
});

test("undo's own proof expects what the first phase does, also where that is silence", () => {
  const [first, ...later] = workshop.phases;
  const closed: Scenario = { ...workshop, phases: [{ ...first, expect: { control: 'DROP' } }, ...later] };
  const phases = outlinePhases(closed, nodes.slice(0, 2));
  assert.deepEqual(rowsOf(phases.at(-1)), rowsOf(phases[0]));
  assert.ok(rowsOf(phases.at(-1)).some(([, expected]) => expected === 'DROP'));
});

test('every vantage has a row for every target, and a node that the site does not have has none', () => {
  const spec = Object.values(workshop.vantages)[0] ?? assert.fail('the workshop has a vantage');
  const twice: Scenario = { ...workshop, vantages: { east: spec, west: spec } };
  assert.deepEqual(
    outlinePhases(twice, nodes.slice(0, 1))[1]?.expectations.map(({ vantage, target, controls }) => [
      vantage,
      target,
      controls,
    ]),
    [
      ['east', 'a:30080', ['a:10250']],
      ['east', 'a:10250', []],
      ['west', 'a:30080', ['a:10250']],
      ['west', 'a:10250', []],
    ],
  );
});

test('the rows of one vantage come with phase and targets, those of others and of unlisted targets do not', () => {
  const [, enforced] = outlinePhases(workshop, nodes.slice(0, 2));
  const targets = listTargets(workshop, nodes.slice(0, 2));
  const row = { vantage: 'vm', target: 'a:30080', expected: 'DROP', controls: ['b:30080', 'a:10250'] };
  assert.deepEqual(enforced?.expectations[0], row);
  assert.ok(enforced);
  const rows = listExpectations(enforced, 'vm', targets);
  assert.equal(rows.length, 4);
  assert.deepEqual(rows[0], { ...row, phase: 'enforced', target: targets[0] });
  assert.deepEqual(
    listExpectations(enforced, 'vm', targets.slice(1, 3)).map(({ target }) => target.id),
    ['b:30080', 'a:10250'],
  );
  assert.deepEqual(listExpectations(enforced, 'elsewhere', targets), []);
});
