import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { auditReport } from '../../src/audit/report.ts';
import { checkSignature } from '../../src/audit/signature.ts';
import type { Report } from '../../src/contract/report.ts';
import type { SignedEnvelope } from '../../src/contract/signing.ts';
import { createKeySigner, isSignedBy, signStatement } from '../../src/evidence/envelope.ts';
import { createStatement } from '../../src/evidence/statement.ts';
import { listAllProblems } from '../audit/forge.ts';
import { changes, mutated, pathsIn } from '../audit/mutations.ts';
import { createReport } from '../audit/sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'hepflow-sign-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);
const openssl = (...args: readonly string[]): string =>
  execFileSync('openssl', args, { cwd: folder, encoding: 'utf8' });

const whole = createReport();
const sign = async (report: Report, privateKey: KeyObject): Promise<Report> => {
  assert.ok(report.seal);
  const { sha256 } = report.seal;
  const envelope = await signStatement(createStatement(report, sha256), createKeySigner(privateKey));
  return { ...report, seal: { sha256, envelope } };
};
const listProblems = (report: Report, key: KeyObject): readonly string[] => checkSignature(report, key).problems;
const own = generateKeyPairSync('ed25519');
const signed = await sign(whole, own.privateKey);
const { envelope } = signed.seal as { readonly envelope: SignedEnvelope };

test('an envelope is what OpenSSL verifies with a key that it made, by the words of the DSSE specification', async () => {
  openssl('genpkey', '-algorithm', 'ed25519', '-out', 'key.pem');
  openssl('pkey', '-in', 'key.pem', '-pubout', '-out', 'public.pem');
  const { seal } = await sign(whole, createPrivateKey(readFileSync(file('key.pem'))));
  assert.ok(seal?.envelope);
  const { payloadType, payload, signatures } = seal.envelope;
  const body = Buffer.from(payload, 'base64').toString();
  assert.match(body, /^[ -~]+$/, 'so that characters are bytes');
  writeFileSync(file('pae'), `DSSEv1 ${payloadType.length} ${payloadType} ${body.length} ${body}`);
  writeFileSync(file('sig'), Buffer.from(signatures[0]?.sig ?? '', 'base64'));
  const verify = ['pkeyutl', '-verify', '-pubin', '-inkey', 'public.pem', '-rawin', '-sigfile', 'sig', '-in'] as const;
  assert.match(openssl(...verify, 'pae'), /Signature Verified Successfully/);
  writeFileSync(
    file('other'),
    `DSSEv1 ${payloadType.length} ${payloadType} ${body.length} ${body.replace('PASSED', 'FAILED')}`,
  );
  assert.throws(() => openssl(...verify, 'other'));
  const der = openssl('pkey', '-pubin', '-in', 'public.pem', '-outform', 'der', '-out', 'public.der');
  assert.equal(der, '');
  assert.ok(openssl('dgst', '-sha256', '-r', 'public.der').startsWith(signatures[0]?.keyid ?? '-'));
});

test('the statement is an in-toto statement with the test-result predicate, about the seal of the report', () => {
  const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as Record<string, unknown>;
  assert.equal(envelope.payloadType, 'application/vnd.in-toto+json');
  assert.equal(statement['_type'], 'https://in-toto.io/Statement/v1');
  assert.deepEqual(statement['subject'], [{ name: whole.workflowId, digest: { sha256: whole.seal?.sha256 } }]);
  assert.equal(statement['predicateType'], 'https://in-toto.io/attestation/test-result/v0.1');
  const { configuration, ...predicate } = statement['predicate'] as { configuration: readonly { name: string }[] };
  assert.deepEqual(predicate, {
    ...{ result: 'PASSED', passedTests: ['baseline', 'enforced', 'second', 'restored'] },
    ...{ warnedTests: [], failedTests: [] },
  });
  assert.deepEqual(
    configuration.map(({ name }) => name),
    ['cluster', 'mission'],
  );
});

test('a phase is told by its worst verdict', () => {
  const verdicts = whole.verdicts.map((one, index) => ({
    ...one,
    verdict: index === 0 ? ('FAIL' as const) : index === 4 || index === 1 ? ('INCONCLUSIVE' as const) : one.verdict,
  }));
  const { predicate } = createStatement({ ...whole, outcome: 'FAIL', verdicts }, '');
  assert.deepEqual(
    [predicate.result, predicate.failedTests, predicate.warnedTests, predicate.passedTests],
    ['FAILED', ['baseline'], ['enforced'], ['second', 'restored']],
  );
});

test('a signed report is that of its key, and no other report and no other key', async () => {
  assert.deepEqual(listProblems(signed, own.publicKey), []);
  assert.deepEqual(listProblems(whole, own.publicKey), ['The report is not signed.']);
  const other = generateKeyPairSync('ed25519').publicKey;
  assert.match(
    listProblems(signed, other).join(),
    /^No signature of the report is of the key [0-9a-f]{64}; they name /,
  );
  const forged = await sign(createReport({ seen: ['baseline', 'enforced'] }), own.privateKey);
  assert.match(
    listProblems({ ...whole, seal: forged.seal }, own.publicKey).join('\n'),
    /^What is signed is not this report: subject\[0\]\.digest\.sha256 is /,
  );
});

test('whatever is changed in a signed report, its seal and its envelope among it, is found', () => {
  const places = pathsIn(signed).filter(([top, ...deeper]) => top === 'seal' || deeper.length === 0);
  for (const path of places)
    for (const change of changes) {
      const place = path.join('.');
      // A key id is a hint that DSSE leaves unsigned, and a signature may be there twice.
      if (place === 'seal.envelope.signatures.0.keyid' && change === 'changed') continue;
      if (place === 'seal.envelope.signatures.0' && change === 'doubled') continue;
      const tampered = mutated(signed, path, change);
      if (tampered === undefined) continue;
      const problems = auditReport(tampered).report === null ? ['shape'] : listProblems(tampered, own.publicKey);
      assert.ok(problems.length > 0 || listAllProblems(tampered).length > 0, `${place} ${change}`);
      if (path[0] !== 'seal') assert.ok(problems.length > 0, `${place} ${change}`);
    }
});

test('a signature counts wherever it stands, so that several keys can sign', () => {
  const [signature] = envelope.signatures;
  assert.ok(signature);
  const others = { keyid: 'other', sig: Buffer.alloc(64).toString('base64') };
  assert.ok(isSignedBy({ ...envelope, signatures: [others, signature] }, own.publicKey));
  assert.ok(!isSignedBy({ ...envelope, signatures: [others] }, own.publicKey));
});
