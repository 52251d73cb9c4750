import { makePrintable } from '../contract/printable.ts';

/**
 * Text with tags in which only what is written in the source can be a tag: everything that is put in is escaped. Serves
 * HTML and XML.
 */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Part = string | number | Markup | undefined | readonly Part[];

/** A template tag: strings and numbers are escaped, lists are joined, `undefined` is nothing. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(
    strings.map((string, index) => (index === 0 ? string : joinPart(parts[index - 1]) + string)).join(''),
  );
}

function joinPart(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  return typeof part === 'object' ? part.map(joinPart).join('') : escapeText(String(part));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * For text and for quoted attributes. What XML 1.0 cannot hold at all (most control characters, half surrogate pairs)
 * becomes U+FFFD; what a reader cannot see, or a terminal obeys, is shown as its code point.
 */
const escapeText = (text: string): string =>
  makePrintable(text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')).replaceAll(
    /[&<>"']/g,
    (sign) => entities[sign] ?? sign,
  );
