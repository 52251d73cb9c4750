/** A worker with a key signs the reports of its runs, at the price of one event, and nobody else's. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createSignReport } from '../../src/activities/sign-report.ts';
import { auditReport, isVerified } from '../../src/audit/report.ts';
import { checkSignature } from '../../src/audit/signature.ts';
import { reportQuery } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import type { Signing, SigningActivities } from '../../src/contract/steps.ts';
import { createKeySigner } from '../../src/evidence/envelope.ts';
import { createReport } from '../audit/sample.ts';
import { type FakeBehaviour, failAs, fakeActivities, type Harness, spec, startHarness } from './harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness?.close());

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const signer = createKeySigner(privateKey);
const whole = createReport();

/** The fakes of a worker whose preflight found a signer; `signing`: what it has registered. */
function createFakes(behaviour: FakeBehaviour, signing: Partial<SigningActivities>): ReturnType<typeof fakeActivities> {
  const { activities, calls } = fakeActivities(behaviour);
  const preflight: typeof activities.preflight = async (call) => {
    const { output, attempts } = await activities.preflight(call);
    return { output: { ...output, signer: signer.keyId }, attempts };
  };
  return { activities: { ...activities, preflight, ...signing }, calls };
}

interface Ended {
  readonly report: Report;
  readonly markers: number;
  readonly events: number;
}

const finish = (fakes: ReturnType<typeof fakeActivities>): Promise<Ended> =>
  harness.run(fakes, { ...spec, secondNode: { when: 'always' } }, async (handle) => {
    await handle.result().catch(() => {});
    const { events = [] } = await handle.fetchHistory();
    const markers = events?.filter(({ markerRecordedEventAttributes: marker }) => marker).length ?? 0;
    return { report: await handle.query<Report>(reportQuery), markers, events: events?.length ?? 0 };
  });

test('the reports of runs that passed and failed are signed by the worker, each at the price of one event', {
  timeout: 300_000,
}, async () => {
  const signReport = createSignReport(signer);
  const fail: FakeBehaviour = { before: (step) => void (step === 'createVm' && failAs('QuotaExceeded')) };
  for (const behaviour of [{}, fail]) {
    const { report, markers } = await finish(createFakes(behaviour, { signReport }));
    assert.equal(markers, 1);
    assert.deepEqual(checkSignature(report, publicKey).problems, [], report.outcome);
    assert.ok(isVerified(auditReport(report)));
    assert.deepEqual(report.warnings, []);
  }
  const { report, markers } = await finish(fakeActivities());
  assert.deepEqual([markers, report.seal?.envelope], [0, undefined], 'without a key it costs nothing');
});

test('a report that cannot be signed is sealed with a warning, and the run is what it is', {
  timeout: 300_000,
}, async () => {
  const broken = { ...signer, sign: () => Promise.reject(new Error('No token.')) };
  for (const each of [undefined, broken]) {
    const { report } = await finish(createFakes({}, { signReport: createSignReport(each) }));
    assert.equal(report.outcome, 'PASS');
    assert.match(report.warnings.join(), /^The report is not signed: (No token\.|The worker that ended .* no key\.)$/);
    assert.equal(report.seal?.envelope, undefined);
    assert.ok(isVerified(auditReport(report)));
  }
});

test('a report is signed only as a local activity, so by no call from elsewhere, and only as it was sealed', async () => {
  const call = (isLocal: boolean, report: Report): Promise<Signing> =>
    new MockActivityEnvironment({ isLocal }).run(createSignReport(signer), report);
  await assert.rejects(call(false, whole), /A report is signed only within the worker of its run\./);
  await assert.rejects(call(true, { ...whole, warnings: [] }), /The report is not as it was sealed\./);
  const signing = await call(true, whole);
  assert.ok('envelope' in signing && whole.seal);
  const signed = { ...whole, seal: { ...whole.seal, envelope: signing.envelope } };
  assert.deepEqual(checkSignature(signed, publicKey).problems, []);
});
