import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { auditReport, isVerified } from '../../src/audit/report.ts';
import { labelNode2Signal, type RunMemo, reportQuery } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import { sealReport } from '../../src/evidence/report-seal.ts';
import {
  asExpected,
  type FakeBehaviour,
  failAs,
  fakeActivities,
  type Harness,
  spec,
  startHarness,
} from '../workflows/harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'hepflow-verify-'));
const file = join(folder, 'report.json');
let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(async () => {
  rmSync(folder, { recursive: true });
  await harness?.close();
});

type Run = WorkflowHandle<() => Promise<Report>>;

function hepflow(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(import.meta.dirname, '../../src/cli/main.ts'), ...args],
      { env: { ...process.env, TEMPORAL_ADDRESS: harness.env.address, NO_COLOR: '1' } },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });
}

test('a report that the CLI wrote verifies, by itself and against Temporal; a tampered one, or one of another run, does not', {
  timeout: 300_000,
}, async (t) => {
  await harness.run(fakeActivities(), spec, async (handle) => {
    await handle.signal(labelNode2Signal);
    const { runId } = await handle.result();
    const id = handle.workflowId;
    assert.equal((await hepflow('report', id, '--format', 'json', '--output', file)).code, 0);
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    const head = report.evidence.at(-1)?.seal?.sha256 ?? '';

    await t.test('by itself, with its head and what that proves', async () => {
      const { code, stdout } = await hepflow('report', 'verify', file);
      assert.equal(code, 0, stdout);
      assert.ok(
        stdout.includes(`✔ The chain of evidence is whole: 4 links from the run id ${runId} to the head.`),
        stdout,
      );
      assert.ok(stdout.includes(`Verified. Seal of the report: ${report.seal?.sha256}`), stdout);
      assert.ok(stdout.includes(`Head of the chain of evidence: ${head}`), stdout);
      assert.match(stdout, /It does not show who wrote the file/);
    });
    await t.test('against the history of its run', async () => {
      const { code, stdout } = await hepflow('report', 'verify', file, '--against-temporal');
      assert.equal(code, 0, stdout);
      assert.match(
        stdout,
        new RegExp(`✔ Event \\d+ \\(WorkflowExecutionCompleted\\) of ${id} in Temporal, .* holds this`),
      );
      assert.doesNotMatch(stdout, /It does not show who wrote the file/);
    });
    await t.test('with a key that did not sign it, or that is none', async () => {
      const key = join(folder, 'public.pem');
      writeFileSync(key, generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }));
      const { code, stdout } = await hepflow('report', 'verify', file, '--key', key);
      assert.deepEqual([code, stdout.includes('✘ The report is not signed.')], [1, true], stdout);
      const none = await hepflow('report', 'verify', file, '--key', file);
      assert.equal(none.code, 3);
      assert.match(none.stderr, /--key must be a file with an Ed25519 public key in PEM/);
    });
    await t.test('not as the report of another run', async () => {
      const { code, stdout } = await hepflow('report', 'verify', file, '--workflow', 'hepflow-other');
      assert.deepEqual(
        [code, stdout.includes(`✘ It is the report of ${id}, not of hepflow-other.`)],
        [1, true],
        stdout,
      );
    });
    await t.test('a changed sentence is named', async () => {
      const [first, ...rest] = report.verdicts;
      const forged = join(folder, 'forged.json');
      writeFileSync(forged, JSON.stringify({ ...report, verdicts: [{ ...first, sentence: 'All is well.' }, ...rest] }));
      const { code, stdout } = await hepflow('report', 'verify', forged);
      assert.equal(code, 1);
      assert.match(
        stdout,
        /✘ The verdict on node-a:30080 from vm in phase baseline does not follow from the evidence: sentence is "All is well\.", not "/,
      );
      assert.match(stdout, /Not verified\.\n$/);
    });
    await t.test('a chain that was cut short is whole by itself, and refused by the history', async () => {
      const phases = ['baseline', 'enforced', 'second'];
      const within = <T extends { phase: string }>(all: readonly T[]): T[] =>
        all.filter(({ phase }) => phases.includes(phase));
      const { restored: _, ...convergenceMs } = report.timings.convergenceMs;
      const short = {
        ...report,
        outcome: 'INCONCLUSIVE',
        summary:
          'Not everything was proved: whether the nodes answer again after undo was not seen. Nothing is left behind.',
        evidence: within(report.evidence),
        verdicts: within(report.verdicts),
        transitions: within(report.transitions),
        findings: within(report.findings),
        timings: { ...report.timings, convergenceMs },
      };
      const cut = join(folder, 'cut.json');
      writeFileSync(cut, JSON.stringify(sealReport(short as Report)));
      assert.equal((await hepflow('report', 'verify', cut)).code, 0);
      const { code, stdout } = await hepflow('report', 'verify', cut, '--against-temporal');
      assert.equal(code, 1);
      assert.match(
        stdout,
        /✘ It is not what event \d+ \(WorkflowExecutionCompleted\) holds: outcome is "INCONCLUSIVE"/,
      );
    });
  });
});

test('a file that is missing, or no JSON, ends with 3 and says how a report is written; `verify` is no run id', {
  timeout: 60_000,
}, async () => {
  writeFileSync(join(folder, 'page.html'), '<html>');
  for (const name of ['none.json', 'page.html']) {
    const { code, stderr } = await hepflow('report', 'verify', join(folder, name));
    assert.equal(code, 3);
    assert.match(stderr, /cannot be read as JSON: .*\nA report is written by: hepflow report ID --format json/);
  }
  const { code, stderr } = await hepflow('report', 'verify');
  assert.equal(code, 3);
  assert.match(stderr, /missing required argument 'file'/);
});

const ends: readonly {
  readonly what: string;
  readonly behaviour: FakeBehaviour;
  readonly outcome: Report['outcome'];
  readonly links: number;
}[] = [
  {
    what: 'failed in preflight',
    behaviour: { before: (step) => void (step === 'preflight' && failAs('PreflightFailed')) },
    outcome: 'ERROR',
    links: 0,
  },
  {
    what: 'ended by a red baseline',
    behaviour: { evidence: (input) => asExpected(input, (one) => ({ ...one, outcome: 'RST' })) },
    outcome: 'ERROR',
    links: 1,
  },
  {
    what: 'leaked',
    behaviour: {
      evidence: (input) =>
        asExpected(input, (one) => (input.phase === 'enforced' ? { ...one, outcome: 'OPEN', syns: 1 } : one)),
    },
    outcome: 'FAIL',
    links: 4,
  },
  {
    what: 'could not be probed after undo',
    behaviour: {
      before: (step, input: { phase?: string }) =>
        void (step === 'probe' && input.phase === 'restored' && failAs('InvalidInput')),
    },
    outcome: 'INCONCLUSIVE',
    links: 3,
  },
];

for (const { what, behaviour, outcome, links } of ends) {
  test(`the report of a run that ${what} verifies, and the memo names its head and its seal`, {
    timeout: 60_000,
  }, async () => {
    await harness.run(fakeActivities(behaviour), { ...spec, secondNode: { when: 'always' } }, async (handle: Run) => {
      await handle.result().catch(() => {});
      const report = await handle.query<Report>(reportQuery);
      assert.deepEqual([report.outcome, report.evidence.length], [outcome, links]);
      const { checks, head } = auditReport(report);
      assert.ok(isVerified({ checks }), checks.flatMap(({ problems }) => problems).join('\n'));
      const memo = (await handle.describe()).memo?.['hepflow'] as RunMemo;
      assert.equal(memo.evidenceHead ?? null, head);
      assert.equal(memo.reportSeal, report.seal?.sha256);
    });
  });
}
