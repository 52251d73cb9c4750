/** Whether a report is signed by a key, as a whole. */
import type { KeyObject } from 'node:crypto';
import type { Report } from '../contract/report.ts';
import { type SignedEnvelope, statementPayloadType } from '../contract/signing.ts';
import { identifyKey, isSignedBy } from '../evidence/envelope.ts';
import { digestReport } from '../evidence/report-seal.ts';
import { createStatement } from '../evidence/statement.ts';
import { type AuditCheck, createCheck } from './check.ts';
import { findDifferences } from './compare.ts';

export function checkSignature(report: Report, publicKey: KeyObject): AuditCheck {
  const keyId = identifyKey(publicKey);
  const envelope = report.seal?.envelope;
  return createCheck(
    `The whole report is signed by the key ${keyId}.`,
    envelope === undefined
      ? ['The report is not signed.']
      : [...findWrongSignature(envelope, publicKey, keyId), ...findWrongStatement(report, envelope)],
  );
}

function findWrongSignature(envelope: SignedEnvelope, publicKey: KeyObject, keyId: string): string[] {
  if (isSignedBy(envelope, publicKey)) return [];
  const named = envelope.signatures.map(({ keyid }) => keyid).join(', ');
  return [`No signature of the report is of the key ${keyId}; they name ${named}.`];
}

/** What is signed has to be a statement about this report, and about nothing else. */
function findWrongStatement(report: Report, { payloadType, payload }: SignedEnvelope): string[] {
  if (payloadType !== statementPayloadType) return [`What is signed is ${payloadType}, not ${statementPayloadType}.`];
  try {
    const statement: unknown = JSON.parse(Buffer.from(payload, 'base64').toString());
    return findDifferences(statement, createStatement(report, digestReport(report))).map(
      (difference) => `What is signed is not this report: ${difference}`,
    );
  } catch (error) {
    return [`What is signed cannot be compared with the report: ${(error as Error).message}`];
  }
}
