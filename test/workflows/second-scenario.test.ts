/** Another scenario than the workshop goes through workflow, judge, report and audit, and no line of these knows it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { auditReport } from '../../src/audit/report.ts';
import type { Mission } from '../../src/contract/mission.ts';
import type { Report } from '../../src/contract/report.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import type { ProbeInput } from '../../src/contract/steps.ts';
import { createSecondScenario } from '../support/second-scenario.ts';
import { asExpected, type FakeBehaviour, fakeActivities, type Harness, site, spec, startHarness } from './harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness?.close());

const nodes = ['a', 'b', 'c'].map((letter, index) => ({ name: `node-${letter}`, internalIp: `10.240.0.${4 + index}` }));
const behaviour: FakeBehaviour = { createScenario: createSecondScenario, site: { ...site, nodes } };

const audit = (report: Report) =>
  auditReport(JSON.parse(JSON.stringify(report)), { findScenario: (_name, mission) => createSecondScenario(mission) });

describe('a scenario of three phases, three nodes, two policies and two targets', () => {
  test('is carried out phase by phase, proved, undone last first, and its report is verified by the audit', async () => {
    const fakes = fakeActivities(behaviour);
    const report = await harness.run(fakes, spec, (handle) => handle.result());
    const order = fakes.calls.map(({ step, subject }) => (subject ? `${step} ${subject}` : step));
    assert.deepEqual(order.slice(order.indexOf('probe open')), [
      'probe open',
      ...['labelNode node-a', 'labelNode node-c', 'applyPolicy', 'probe shut-shop'],
      ...['labelNode node-b', 'applyPolicy', 'probe shut-metrics'],
      'undo deletePolicy shut-metrics, restoreLabel node-b, deletePolicy shut-shop, restoreLabel node-c, restoreLabel node-a',
      'probe restored',
      ...order.slice(-3),
    ]);
    assert.equal(report.outcome, 'PASS');
    assert.equal(report.scenario, 'second-scenario');
    assert.deepEqual(
      report.phases.map(({ name }) => name),
      ['open', 'shut-shop', 'shut-metrics', 'restored'],
    );
    const silent = report.verdicts.filter(({ expected }) => expected === 'DROP');
    assert.deepEqual(
      silent.map(({ phase, target, verdict }) => `${phase} ${target.id} ${verdict}`),
      [
        'shut-shop node-a:30081 PASS',
        'shut-shop node-c:30081 PASS',
        'shut-metrics node-a:30081 PASS',
        'shut-metrics node-c:30081 PASS',
        'shut-metrics node-b:9100 PASS',
      ],
    );
    assert.equal(report.verdicts.length, 4 * 6);
    const problems = audit(report).checks.flatMap((check) => check.problems);
    assert.deepEqual(problems, []);
  });

  test('tells each probe what its own policies and expectations are, and the vantage that the nodes see', async () => {
    const fakes = fakeActivities(behaviour);
    await harness.run(fakes, spec, (handle) => handle.result());
    const probes = fakes.calls.filter(({ step }) => step === 'probe').map(({ input }) => input as ProbeInput);
    assert.deepEqual(
      probes.map(({ witnesses }) => witnesses?.policies),
      [[], ['shut-shop'], ['shut-shop', 'shut-metrics'], []],
    );
    assert.deepEqual(
      probes.map(({ observed }) => observed),
      [false, true, true, true],
    );
    for (const { vantage } of probes)
      assert.deepEqual(vantage, {
        id: 'outpost',
        sourceAddresses: ['192.168.1.4'],
        session: { address: '203.0.113.10', adminUser: 'azureuser' },
      });
    const policy = fakes.calls.find(({ step }) => step === 'applyPolicy')?.input;
    assert.match(JSON.stringify(policy), /"nets":\["192\.168\.1\.4\/32"\]/);
  });

  test('fails where a port of the second target answers that should be silent, and only there', async () => {
    const fakes = fakeActivities({
      ...behaviour,
      evidence: (input) =>
        asExpected(input, (connection) =>
          connection.target === 'node-b:9100' && connection.outcome === 'DROP'
            ? { ...connection, outcome: 'OPEN', syns: 1, elapsedMs: 1 }
            : connection,
        ),
    });
    const report = await harness.run(fakes, spec, (handle) => handle.result());
    assert.equal(report.outcome, 'FAIL');
    const failed = report.verdicts.filter(({ verdict }) => verdict !== 'PASS');
    assert.deepEqual(
      failed.map(({ phase, target, verdict }) => `${phase} ${target.id} ${verdict}`),
      ['shut-metrics node-b:9100 FAIL'],
    );
    assert.deepEqual(
      audit(report).checks.flatMap((check) => check.problems),
      [],
    );
  });

  test('waits at a gate for the signal that the gate names, whatever it is called', async () => {
    const fakes = fakeActivities({ ...behaviour, createScenario: waitingAt('goOn') });
    const report = await harness.run(fakes, spec, async (handle) => {
      await handle.signal('goOn');
      return handle.result();
    });
    assert.equal(report.steps.find(({ name }) => name === 'awaitSignal')?.subject, 'goOn');
    assert.ok(report.verdicts.some(({ phase }) => phase === 'shut-metrics'));
  });

  test('passes by a phase whose signal does not come, and says so', async () => {
    const fakes = fakeActivities({ ...behaviour, createScenario: waitingAt('goOn') });
    const report = await harness.run(fakes, spec, (handle) => handle.result());
    assert.deepEqual(
      report.phases.map(({ name, skipped }) => [name, skipped]),
      [
        ['open', null],
        ['shut-shop', null],
        ['shut-metrics', 'Signal goOn did not come in time.'],
        ['restored', null],
      ],
    );
    assert.equal(report.outcome, 'PASS');
  });
});

const waitingAt =
  (signal: string) =>
  (mission: Mission): Scenario => {
    const scenario = createSecondScenario(mission);
    const [first, ...rest] = scenario.phases;
    const later = rest.map((phase) =>
      phase.gate === undefined ? phase : { ...phase, gate: { signal, when: 'on-signal' as const, waitMs: 500 } },
    );
    return { ...scenario, phases: [first, ...later] };
  };
