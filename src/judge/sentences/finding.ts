/** Findings in words. */

import { countThings, listNames } from '../../contract/brief.ts';
import type { Expected, Target } from '../../contract/evidence.ts';
import type { HeldConnection } from '../../contract/observation.ts';
import type { Witness } from '../../contract/vantage.ts';
import type { ChangedPort } from '../sighting.ts';
import { formSentence } from './words.ts';

type Port = Pick<Target, 'id'>;

export const explainUnwatched = ({ id }: Port, to: Expected, why: string): string =>
  `No observer saw ${id} ${to === 'DROP' ? 'fall silent' : 'answer again'}: ${why}.`;

export const explainCutShort = ({ id }: Port, to: Expected): string =>
  `The observer reached its own time limit before ${id} ${to === 'DROP' ? 'fell silent' : 'answered again'}.`;

export const explainUnchanged = ({ id }: Port, to: Expected): string =>
  `The observer saw no lasting ${to === 'DROP' ? 'silence' : 'answers'} of ${id}.`;

export function explainChanged(
  { id }: Port,
  to: Expected,
  { isPremature, leaks, last }: Pick<ChangedPort, 'isPremature' | 'leaks' | 'last'>,
): string {
  const state = to === 'DROP' ? 'silent' : 'answer';
  if (isPremature) return `The observer saw ${id} ${state} before the change was asked for.`;
  if (leaks.length > 0)
    return `The observer saw ${countThings(leaks.length, 'connection')} to ${id} get through after the first silence.`;
  if (last === null) return `The observer saw ${id} ${state} from its first dial on.`;
  return to === 'DROP' ? `The observer saw ${id} fall silent and stay silent.` : `The observer saw ${id} answer again.`;
}

/** What became of a held connection; null: it answered. */
const ends: Readonly<Record<Exclude<HeldConnection['outcome'], 'unopened'>, string | null>> = {
  answered: null,
  silent: 'gave no answer after it',
  closed: 'was closed',
  reset: 'was reset',
};

export function explainHeld({ id }: Port, outcome: keyof typeof ends): string {
  const connection = `A connection to ${id} that was opened before the deny`;
  const end = ends[outcome];
  if (end === null) return `${connection} still answered after it. The deny refuses new connections and cuts none.`;
  const other = 'a server that ends idle connections itself may have done it';
  return `${connection} ${end}. A pre-DNAT deny does not do that; ${other}.`;
}

export const explainUnknownHeld = ({ id }: Port, why: string): string =>
  `Whether a connection to ${id} outlives the deny is not known: ${why}.`;

/** `counts`: how many of the answers came from these pods, and how many there were. */
export function explainPodsBehind(
  pods: readonly string[],
  node: string,
  through: string,
  counts: readonly [number, number],
): string {
  const [found, all] = counts;
  return (
    `The ${pods.length === 1 ? 'pod' : 'pods'} ${listNames(pods)} on ${node} gave ${found} of ${all} answers through ` +
    `${through}. The workload lives there, and only the way in through that node is shut.`
  );
}

export const explainUnknownBehind = (node: string, through: string, why: string): string =>
  `Whether a pod on ${node} answers through ${through} is not known: ${why}.`;

export const explainNoWitness = (): string => 'No witness was asked.';

/** How a source blocked the way, as a clause. */
export const describeBlock = ({ title, about, because }: Witness): string =>
  `${title} blocked the way${about === null ? '' : ` to ${about}`} (${because})`;

export const explainBlock = (one: Witness): string => formSentence(describeBlock(one));

/** Of a source that let packets through to every target. */
export const explainWay = (title: string, targets: number, because: readonly string[]): string =>
  formSentence(
    `${title} allowed the way to ${targets === 1 ? 'the port' : `all ${targets} ports`} (${listNames(because)})`,
  );

/** `about`: whom there was no answer about; empty: all. */
export function explainNoAnswer(title: string, about: readonly string[], because: readonly string[]): string {
  const whom = about.length === 0 ? '' : ` about ${listNames(about)}`;
  return formSentence(`${title} gave no answer${whom}${because.length === 0 ? '' : `: ${listNames(because)}`}`);
}

/** What a node counted beside a proof, as a clause. */
export function describeCount(node: string, { packets = 0, because }: Witness, syns: number): string {
  const few = packets > 0 && packets < syns ? 'only ' : '';
  const counted = packets === 0 ? 'no packet' : countThings(packets, 'packet');
  const expected = countThings(syns, 'SYN');
  return `${node} counted ${few}${counted} denied by the policy for ${expected} of the proof (${because})`;
}

export const explainCount = (node: string, one: Witness, syns: number): string => `${describeCount(node, one, syns)}.`;
