/** A port's change in words. */

import { countThings } from '../../contract/brief.ts';
import type { Moment } from '../../contract/change.ts';
import type { Expected } from '../../contract/evidence.ts';
import type { ChangedPort, UnchangedPort } from '../sighting.ts';
import type { WatchedMove } from '../transitions.ts';
import { boundLeaks } from '../watch.ts';
import { formatDuration } from './words.ts';

export function explainTransition({ target, to, asked, sighting }: WatchedMove): string {
  switch (sighting.kind) {
    case 'unwatched':
      return `How long ${target.id} took to ${describeChange(to)} is not known: ${sighting.why}.`;
    case 'unchanged':
      return `${target.id} ${describeNoChange(to, asked, sighting)}.`;
    case 'changed':
      return [`${target.id} ${describeEdge(to, asked, sighting)}.`, ...describeAftermath(to, sighting)].join(' ');
  }
}

const describeChange = (to: Expected): string => (to === 'DROP' ? 'fall silent' : 'answer again');
const nameAsked = ({ words }: Moment): string => words || 'the change was asked for';

/** From a moment to another; 0 to one before it. */
function measureTime(from: string, to: string): string {
  const ms = Math.max(0, Date.parse(to) - Date.parse(from));
  return ms === 0 ? '0 ms' : formatDuration(ms);
}

function describeNoChange(to: Expected, asked: Moment | null, { until }: UnchangedPort): string {
  const what = `did not ${describeChange(to)} for good`;
  return asked === null
    ? `${what} while an observer ran`
    : `${what} beside live controls, until ${measureTime(asked.from, until)} after ${nameAsked(asked)}`;
}

function describeEdge(to: Expected, asked: Moment | null, { took, isPremature, last, showed }: ChangedPort): string {
  const [did, was, had] =
    to === 'DROP'
      ? ['fell silent', 'was silent', 'had fallen silent']
      : ['answered again', 'answered', 'had answered again'];
  if (asked !== null && isPremature)
    return `${had} at least ${measureTime(showed.to, asked.from)} before ${nameAsked(asked)}. Something else did it`;
  if (asked !== null && took !== null) return `${did} ${took.atLeast} to ${took.atMost} ms after ${nameAsked(asked)}`;
  if (last !== null)
    return `${did} between ${showed.from} and ${showed.to}. When the change was asked for is not known`;
  const when = asked === null ? '' : `, at most ${measureTime(asked.from, showed.to)} after ${nameAsked(asked)}`;
  return `${was} from the observer's first dial on${when}`;
}

/** What became of the connections after the first silence. */
function describeAftermath(to: Expected, { leaks, silent, uncounted }: ChangedPort): string[] {
  if (to === 'OPEN') return [];
  const last = leaks.at(-1);
  if (last !== undefined)
    return [`${leaks.length} of ${countLater(leaks.length + silent)} got through, the last at ${last.from}.`];
  if (uncounted > 0)
    return [`${countLater(uncounted)} got through while a control did not answer, so how many pass cannot be bounded.`];
  const share = formatPercent(boundLeaks(silent));
  return [`None of ${countLater(silent)} got through, so at most ${share} of new connections pass (95 % confidence).`];
}

const countLater = (count: number): string => countThings(count, 'later connection');

/** Rounded up: a bound must not promise more than it holds. */
function formatPercent(share: number): string {
  const tenths = Math.ceil(share * 1000) / 10;
  return `${tenths >= 10 ? Math.ceil(tenths) : tenths} %`;
}
