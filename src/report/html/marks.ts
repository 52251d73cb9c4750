/** Signs that every part of the page shares: a colour always goes with a shape and a word. */
import { type Outcome, outcomes } from '../../contract/evidence.ts';
import type { Verdict, VerdictKind } from '../../contract/verdict.ts';
import { type Markup, markup, type Part } from '../markup.ts';

/** Class names of style.ts. */
export type Tone = 'good' | 'bad' | 'unsure' | 'other' | 'faint';

/** Width of every picture, in units of its own. */
export const pictureWidth = 1000;

export const verdictSigns: Readonly<Record<VerdictKind, { readonly sign: string; readonly tone: Tone }>> = {
  PASS: { sign: '✓', tone: 'good' },
  FAIL: { sign: '✗', tone: 'bad' },
  INCONCLUSIVE: { sign: '?', tone: 'unsure' },
};

export const markVerdict = (kind: VerdictKind): Markup =>
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

/** Centred on 0, 0: circle, square, triangle, diamond, cross. */
const shapes: Readonly<Record<Outcome, string>> = {
  OPEN: 'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z',
  DROP: 'M-4.5-4.5h9v9h-9z',
  RST: 'M0-5.5L5.5 4.5h-11z',
  ICMP_REJECT: 'M0-6L6 0L0 6L-6 0z',
  PROBE_FAULT: 'M-4.5-4.5L4.5 4.5M4.5-4.5L-4.5 4.5',
};

export function drawShape(outcome: Outcome, x: number, y: number): Markup {
  const place = `translate(${roundTenth(x)} ${roundTenth(y)})`;
  const paint = markup`fill="currentColor" stroke="currentColor" stroke-width="1.5"`;
  return markup`<path class="${toneOfSeen[outcome]}" d="${shapes[outcome]}" transform="${place}" ${paint} />`;
}

/** A name for a picture: longer ones lose their middle, for their ends tell nodes and ports apart. */
export const shorten = (name: string, most: number): string => {
  const half = (most - 1) / 2;
  return name.length > most ? `${name.slice(0, Math.floor(half))}…${name.slice(-Math.ceil(half))}` : name;
};

export const roundTenth = (value: number): number => Math.round(value * 10) / 10;

export function renderOutcomeLegend(): Markup {
  const signs = outcomes.map((one) => {
    const sign = markup`<svg class="inline" viewBox="-7 -7 14 14" aria-hidden="true">${drawShape(one, 0, 0)}</svg>`;
    return markup`<span>${sign} ${one}: ${seen[one]}</span> `;
  });
  return markup`<p class="legend">${signs}</p>`;
}

/** A section of the page; nothing when it has no content. */
export function renderSection(
  id: string,
  title: string,
  ...content: readonly (Markup | readonly Markup[] | undefined)[]
): Markup | undefined {
  if (content.flat().every((one) => one === undefined)) return undefined;
  return markup`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${content.map((one) => markup`${one}\n`)}</section>`;
}

/** A table of the page; `rows` are its `tr` elements. */
export function renderTable(heads: readonly string[], rows: Part): Markup {
  const cells = heads.map((head) => markup`<th scope="col">${head}</th>`);
  return markup`<table><thead><tr>${cells}</tr></thead>
<tbody>${rows}</tbody></table>`;
}
