import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Report } from '../../src/contract/report.ts';
import type { PhaseSpec, Scenario } from '../../src/contract/scenario.ts';
import { createScenario } from '../../src/scenario/index.ts';
import { createWorkshop } from '../../src/scenario/workshop.ts';
import { createSecondScenario } from '../support/second-scenario.ts';
import { listProblems, replaceAt } from './forge.ts';
import { createReport, mission } from './sample.ts';

const whole = createReport();
const workshop = createWorkshop(mission);
const [baseline, enforced, second] = workshop.phases as unknown as readonly [PhaseSpec, PhaseSpec, PhaseSpec];

describe('a report whose run followed another plan than its scenario is refused, though all in it follows', () => {
  const forgeries: readonly (readonly [what: string, scenario: Partial<Scenario>, problems: readonly string[]])[] = [
    ['a phase cut out', { phases: [baseline, enforced] }, ['The phase second is missing, though the scenario has it.']],
    [
      'a phase added',
      { phases: [baseline, enforced, second, { ...second, name: 'third' }] },
      ['The phase third is not in the scenario.'],
    ],
    [
      'an expectation flipped from DROP to OPEN',
      { phases: [baseline, { ...enforced, expect: {} }, second] },
      [
        'The phase enforced is not as the scenario has it: expectations[0].expected is "OPEN", not "DROP".',
        'The phase enforced is not as the scenario has it: expectations[0].controls[0] is missing, not "node-b:30080".',
        'The phase enforced is not as the scenario has it: expectations[0].controls[1] is missing, not "node-a:10250".',
      ],
    ],
    [
      'a phase that is no longer required',
      { phases: [{ ...baseline, required: false }, enforced, second] },
      ['The phase baseline is not as the scenario has it: required is false, not true.'],
    ],
    [
      'phases in another order',
      { phases: [baseline, second, enforced] },
      ['The phases are not in the order of the scenario.'],
    ],
    [
      'another vantage',
      { vantages: { annex: { kind: 'azureVm', ...mission.vm } } },
      ['The vantage annex is not in the scenario.', 'The vantage vm is missing, though the scenario has it.'],
    ],
  ];
  for (const [what, changed, problems] of forgeries)
    test(what, () => {
      const forged = createReport({ scenario: { ...workshop, ...changed } });
      assert.deepEqual(
        listProblems(forged).filter(
          (problem) => !problem.includes('expectations[') || what.startsWith('an expectation'),
        ),
        problems,
      );
    });

  test('a target added', () => {
    const extra = { kind: 'openPort', port: 22, nodes: [0] } as const;
    const problems = listProblems(createReport({ scenario: { ...workshop, targets: { ...workshop.targets, extra } } }));
    assert.equal(problems[0], 'The target node-a:22 is not in the scenario.');
    assert.ok(
      problems.includes(
        'The phase baseline is not as the scenario has it: expectations[4] is {"vantage":"vm","target":"node-a:22",' +
          '"expected":"OPEN","controls":[]}, not missing.',
      ),
      problems.join('\n'),
    );
  });

  test('a node added, or one that the mission does not name', () => {
    const cluster = whole.cluster ?? assert.fail();
    const third = { name: 'node-c', internalIp: '10.240.0.66' };
    assert.deepEqual(listProblems({ ...whole, cluster: { ...cluster, nodes: [...cluster.nodes, third] } }), [
      'The cluster does not have as many judged nodes as the scenario: cluster.nodes.length is 3, not 2.',
    ]);
    assert.deepEqual(listProblems({ ...whole, mission: { ...mission, nodes: ['node-a', 'node-x'] } }), [
      'The judged nodes are not those that the mission names: cluster.nodes[1] is "node-b", not "node-x".',
    ]);
    assert.deepEqual(listProblems({ ...whole, mission: { ...mission, nodes: ['node-a', 'node-b'] } }), []);
  });

  test('another port or another user by the mission', () => {
    const problems = listProblems({
      ...whole,
      mission: { ...mission, probe: { ...mission.probe, controlPort: 22 }, vm: { ...mission.vm, adminUser: 'root' } },
    });
    for (const problem of [
      'The vantage vm is not as the scenario has it: adminUser is "azureuser", not "root".',
      'The target node-a:10250 is not in the scenario.',
      'The target node-a:22 is missing, though the scenario has it.',
    ])
      assert.ok(problems.includes(problem), problems.join('\n'));
  });
});

test('a scenario that this version does not know is a problem of its own', () => {
  const unknown = (scenario: string): string =>
    `The scenario ${scenario} is not known to this version of hepflow: what its phases expect cannot be checked.`;
  for (const scenario of ['workshop2', 'constructor', '__proto__'])
    assert.deepEqual(listProblems({ ...whole, scenario }), [unknown(scenario)]);
  assert.deepEqual(createScenario('workshop', mission), workshop);
  assert.equal(createScenario('toString', mission), undefined);
});

test('a scenario that is known, but another one', () => {
  const problems = listProblems(whole, { findScenario: (_, given) => createSecondScenario(given) });
  for (const problem of [
    'The cluster does not have as many judged nodes as the scenario: cluster.nodes.length is 2, not 3.',
    'The vantage outpost is missing, though the scenario has it.',
    'The phase shut-shop is missing, though the scenario has it.',
    'The phase restored is not as the scenario has it: title is "Restored: policy and labels are gone", not "Restored: both policies are gone".',
  ])
    assert.ok(problems.includes(problem), problems.join('\n'));
});

test('a scenario is found by its name and made for the mission of the report', () => {
  const asked: unknown[] = [];
  listProblems(whole, {
    findScenario: (name, given) => {
      asked.push(name, given);
      return undefined;
    },
  });
  assert.deepEqual(asked, ['workshop', whole.mission]);
});

test('a report without scenario, mission or cluster holds nothing that needs them', () => {
  const bare: Partial<Report> = { vantages: [], targets: [], phases: [], changes: [], evidence: [] };
  const found = (change: Partial<Report>): string[] =>
    listProblems({ ...whole, ...bare, ...change }).filter((problem) => problem.startsWith('The report holds'));
  const none = { scenario: null, mission: null, cluster: null };
  assert.deepEqual(found(none), []);
  assert.deepEqual(found({ ...none, evidence: whole.evidence, targets: whole.targets }), [
    'The report holds targets, evidence, but no scenario, mission, cluster.',
  ]);
  assert.deepEqual(found({ ...none, vantages: whole.vantages, phases: whole.phases }), [
    'The report holds vantages, phases, but no scenario, mission, cluster.',
  ]);
  assert.deepEqual(found({ scenario: null }), ['The report holds mission, cluster, but no scenario.']);
  assert.deepEqual(found({ mission: null }), ['The report holds scenario, cluster, but no mission.']);
  assert.deepEqual(found({ cluster: null }), ['The report holds scenario, mission, but no cluster.']);
});

describe('a probe of something else than the plan has', () => {
  const enforcedFrom = 'The probe of phase enforced from';
  test('other targets', () => {
    const evidence = replaceAt(whole.evidence, 1, (one) => ({ ...one, targets: one.targets.slice(1) }));
    assert.ok(
      listProblems({ ...whole, evidence }).includes(
        `${enforcedFrom} vm dialled other targets: targets[0].id is "node-a:10250", not "node-a:30080".`,
      ),
    );
  });
  test('another vantage', () => {
    const evidence = replaceAt(whole.evidence, 1, (one) => ({ ...one, vantage: 'ghost' }));
    assert.ok(
      listProblems({ ...whole, evidence }).includes(
        `${enforcedFrom} ghost ran on a vantage that the report does not have.`,
      ),
    );
  });
  test('another kernel, where the report has one', () => {
    const kernel = (of: string | null): Report => ({
      ...whole,
      vantages: whole.vantages.map((one) => ({ ...one, kernel: of })),
    });
    assert.equal(
      listProblems(kernel('5.15.0'))[1],
      `${enforcedFrom} vm ran on another kernel than the report has for its vantage: kernel is "6.8.0", not "5.15.0".`,
    );
    assert.deepEqual(listProblems(kernel(null)), []);
  });
});
