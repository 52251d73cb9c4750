/** A port's change in words. */
import type { Mark } from '../../contract/report.ts';
import type { Seen } from '../transitions.ts';

const connections = (count: number): string => `${count} new ${count === 1 ? 'connection' : 'connections'}`;

/** What a mark's start is: something that was asked for. */
const askedWords: Partial<Record<Mark['name'], string>> = {
  policyAccepted: 'the policy was sent',
  labelWritten: 'the label was sent',
  policyDeleted: 'the policy’s removal was asked for',
  labelRestored: 'the label’s removal was asked for',
};
const asked = ({ asked }: Seen): string => (asked && askedWords[asked.name]) ?? 'the change was asked for';

/** Milliseconds from the change's being asked for. */
const since = ({ asked }: Seen, at: string): number => Date.parse(at) - Date.parse(asked?.from ?? at);

/** The whole sentence of a transition. */
export function sentenceOf(seen: Seen): string {
  if (seen.censored === 'unobserved') return unobserved(seen);
  if (seen.censored === 'right' || seen.showed === null) return neverShowed(seen);
  return `${edgeOf(seen, seen.showed.from, seen.showed.to)}${seen.to === 'DROP' ? rest(seen) : ''}.`;
}

const unobserved = ({ target, to, blind }: Seen): string =>
  `How long ${target.id} took to ${to === 'DROP' ? 'fall silent' : 'answer again'} is not known: ${blind}.`;

function neverShowed(seen: Seen): string {
  const { target, to, until } = seen;
  const what = to === 'DROP' ? 'did not fall silent' : 'did not answer again';
  const when =
    seen.asked === undefined || until === undefined
      ? ''
      : ` beside live controls, until ${length(Math.max(0, since(seen, until)))} after ${asked(seen)}`;
  return `${target.id} ${what} for good while it was watched${when}.`;
}

function edgeOf(seen: Seen, from: string, to: string): string {
  const { target, tookMs, premature, censored } = seen;
  const [did, was] = seen.to === 'DROP' ? ['went silent', 'was silent'] : ['answered again', 'answered'];
  if (premature)
    return `${target.id} ${was} already ${length(Math.max(0, -since(seen, to)))} or more before ${asked(seen)}, so something else did it`;
  if (tookMs !== null) return `${target.id} ${did} ${tookMs.atLeast} to ${tookMs.atMost} ms after ${asked(seen)}`;
  if (censored === 'no')
    return `${target.id} ${did} between ${from} and ${to}; when the change was asked for is not known`;
  const when = seen.asked === undefined ? '' : `, at most ${length(Math.max(0, since(seen, to)))} after ${asked(seen)}`;
  return `${target.id} ${was} already when it was first watched${when}`;
}

/** What became of the connections after the first silence. */
function rest({ aftermath: { leaks, silent, uncounted }, lastLeak, leakBound }: Seen): string {
  if (leaks.length > 0) {
    return `; ${leaks.length} of ${connections(leaks.length + silent)} after that got through, the last at ${lastLeak?.from ?? 'a time that is not known'}`;
  }
  if (uncounted > 0 || leakBound === null)
    return `; ${connections(uncounted)} got through after that while a control did not answer, so how many pass cannot be bounded`;
  return `; ${connections(silent)} after that were all silent, so at most ${percent(leakBound)} of new connections pass (95 % confidence)`;
}

/** Rounded up: a bound must not promise more than it holds. */
function percent(share: number): string {
  const tenths = Math.ceil(share * 1000 - 1e-9) / 10;
  return `${tenths >= 10 ? Math.ceil(tenths - 1e-9) : tenths} %`;
}

const length = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
