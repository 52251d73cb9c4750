/** A deny on which everybody agrees, parts of which are replaced; tables of what a finding is then. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Case, deny } from '../../scripts/finding-examples.ts';
import type { Evidence } from '../../src/contract/evidence.ts';
import type { Observation } from '../../src/contract/observation.ts';
import type { Finding } from '../../src/contract/report.ts';
import type { Witness } from '../../src/contract/vantage.ts';
import { judgePhase } from '../../src/judge/judgement.ts';
import { createRows, dialAll, first } from '../support/evidence.ts';
import { createObservation, dials, holdConnection } from '../support/observation.ts';

export const watched = (more: Partial<Observation> = {}): Observation =>
  createObservation({ [first.id]: dials('43o 160d') }, { held: [holdConnection(first, 'answered')], ...more });
export const saw = (track: string, more: Partial<Observation> = {}): Evidence =>
  whole({ observation: createObservation({ [first.id]: dials(track) }, more) });
export const allOpen = { connections: dialAll(createRows('enforced')) };

/** Evidence of a deny in which every witness agrees. */
export const whole = (more: Partial<Evidence> = {}): Evidence => deny({ observation: watched(), ...more }).evidence;
export const hear = (...witnesses: readonly Witness[]): Evidence => whole({ witnesses });

export const judgeOn = (seen: Evidence, grounds: Omit<Case, 'evidence'> = deny()) => judgePhase(grounds, seen);
export function about(what: string, seen: Evidence): Finding {
  const [one, ...more] = judgeOn(seen).findings.filter((each) => each.about === what);
  assert.ok(one !== undefined && more.length === 0, JSON.stringify(more));
  return one;
}
export const list = (findings: readonly Finding[]) =>
  findings.map(({ about, subject, result }) => [about, subject, result]);

type Row = readonly [name: string, seen: Evidence, result: Finding['result'], sentence: RegExp];
export const rows = (what: string, all: readonly Row[]): void => {
  describe(what, () => {
    for (const [name, seen, result, sentence] of all) {
      test(name, () => {
        const found = about(what, seen);
        assert.equal(found.result, result, found.sentence);
        assert.match(found.sentence, sentence);
      });
    }
  });
};
