/** What a worker signs of a report: an in-toto statement with the test-result predicate. */
import canonicalize from 'canonicalize';
import type { Report, RunOutcome } from '../contract/report.ts';
import type { VerdictKind } from '../contract/verdict.ts';
import { hashText } from './sha256.ts';

/** https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
export interface Statement {
  readonly _type: 'https://in-toto.io/Statement/v1';
  readonly subject: readonly ResourceDescriptor[];
  readonly predicateType: 'https://in-toto.io/attestation/test-result/v0.1';
  readonly predicate: TestResult;
}

interface ResourceDescriptor {
  readonly name: string;
  readonly uri?: string;
  readonly digest?: { readonly sha256: string };
}

/** https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md; a test is a phase. */
interface TestResult {
  readonly result: 'PASSED' | 'WARNED' | 'FAILED';
  readonly configuration: readonly ResourceDescriptor[];
  readonly passedTests: readonly string[];
  readonly warnedTests: readonly string[];
  readonly failedTests: readonly string[];
}

const results: Readonly<Record<RunOutcome, TestResult['result']>> = {
  ...{ PASS: 'PASSED', INCONCLUSIVE: 'WARNED', FAIL: 'FAILED' },
  ...{ ERROR: 'FAILED', CANCELLED: 'FAILED', RUNNING: 'FAILED' },
};

/** The subject is the report by its seal; `sha256`: the seal. */
export function createStatement(report: Report, sha256: string): Statement {
  const { workflowId, outcome, mission, cluster } = report;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: workflowId, digest: { sha256 } }],
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    predicate: {
      result: results[outcome],
      configuration: [
        ...(cluster === null ? [] : [{ name: 'cluster', uri: cluster.id }]),
        ...(mission === null ? [] : [{ name: 'mission', digest: { sha256: hashText(canonicalize(mission) ?? '') } }]),
      ],
      passedTests: listPhases(report, 'PASS'),
      warnedTests: listPhases(report, 'INCONCLUSIVE'),
      failedTests: listPhases(report, 'FAIL'),
    },
  };
}

/** The phases whose worst verdict is of this kind. */
function listPhases({ phases, verdicts }: Report, wanted: VerdictKind): string[] {
  const order = ['FAIL', 'INCONCLUSIVE', 'PASS'] as const;
  return phases
    .map(({ name }) => name)
    .filter((name) => {
      const kinds = new Set(verdicts.filter(({ phase }) => phase === name).map(({ verdict }) => verdict));
      return order.find((kind) => kinds.has(kind)) === wanted;
    });
}
