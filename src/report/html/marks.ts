/** Signs that every part of the page shares: a colour always goes with a shape and a word. */
import type { Outcome } from '../../contract/evidence.ts';
import type { Verdict, VerdictKind } from '../../contract/verdict.ts';
import { type Markup, markup } from '../markup.ts';

/** Class names of style.ts. */
export type Tone = 'good' | 'bad' | 'unsure' | 'other' | 'faint';

export const verdictSigns: Readonly<Record<VerdictKind, { readonly sign: string; readonly tone: Tone }>> = {
  PASS: { sign: '✓', tone: 'good' },
  FAIL: { sign: '✗', tone: 'bad' },
  INCONCLUSIVE: { sign: '?', tone: 'unsure' },
};

export const verdictMark = (kind: VerdictKind): Markup =>
  markup`<span class="mark ${verdictSigns[kind].tone}">${verdictSigns[kind].sign} ${kind}</span>`;

/** What was seen, for people. */
export const seen: Readonly<Record<Verdict['observed'], string>> = {
  OPEN: 'answered',
  DROP: 'silent',
  RST: 'refused (TCP reset)',
  ICMP_REJECT: 'refused (ICMP)',
  PROBE_FAULT: 'could not be tried',
  MIXED: 'now this, now that',
  NONE: 'not dialled',
};

export const toneOfSeen: Readonly<Record<Verdict['observed'], Tone>> = {
  OPEN: 'good',
  DROP: 'bad',
  RST: 'unsure',
  ICMP_REJECT: 'other',
  PROBE_FAULT: 'faint',
  MIXED: 'unsure',
  NONE: 'faint',
};

/** The shape of an outcome, centred on x, y: circle, square, triangle, diamond, cross. */
export function shape(outcome: Outcome, x: number, y: number): Markup {
  const tone = toneOfSeen[outcome];
  const path = {
    OPEN: 'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z',
    DROP: 'M-4.5-4.5h9v9h-9z',
    RST: 'M0-5.5L5.5 4.5h-11z',
    ICMP_REJECT: 'M0-6L6 0L0 6L-6 0z',
    PROBE_FAULT: 'M-4.5-4.5L4.5 4.5M4.5-4.5L-4.5 4.5',
  }[outcome];
  return markup`<path class="${tone}" d="${path}" transform="translate(${round(x)} ${round(y)})" fill="currentColor" stroke="currentColor" stroke-width="1.5" />`;
}

/** A name for a picture: longer ones lose their middle, for their ends tell nodes and ports apart. */
export const short = (name: string, most: number): string => {
  const half = (most - 1) / 2;
  return name.length > most ? `${name.slice(0, Math.floor(half))}…${name.slice(-Math.ceil(half))}` : name;
};

export const round = (value: number): number => Math.round(value * 10) / 10;

const outcomes = ['OPEN', 'DROP', 'RST', 'ICMP_REJECT', 'PROBE_FAULT'] as const satisfies readonly Outcome[];

export const outcomeLegend = (): Markup =>
  markup`<p class="legend">${outcomes.map((one) => markup`<span><svg class="inline" viewBox="-7 -7 14 14" aria-hidden="true">${shape(one, 0, 0)}</svg> ${one}: ${seen[one]}</span> `)}</p>`;

/** A section of the page; nothing when it has no content. */
export function section(
  id: string,
  title: string,
  ...content: readonly (Markup | readonly Markup[] | undefined)[]
): Markup | undefined {
  return content.flat().every((one) => one === undefined)
    ? undefined
    : markup`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${content.map((one) => markup`${one}\n`)}</section>`;
}
