/** Words of others as people may be shown them: nothing in them is obeyed by a terminal, a page or an eye (W12). */

/**
 * Controls but newline and tab, what turns the direction of text, what is not seen, and half surrogate pairs. Variation
 * selectors and joiners stay where an emoji has them.
 */
const dangerous = new RegExp(
  '(?<=[\\p{Extended_Pictographic}\\p{Emoji_Modifier}]\\ufe0f?)\\u200d(?=\\p{Extended_Pictographic})|' +
    '([[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}]--[\\n\\t\\ufe0e\\ufe0f]])',
  'gv',
);

const replaceDangerous = (text: string, show: (sign: string) => string): string =>
  text.replace(dangerous, (joiner: string, sign: string | undefined) => (sign === undefined ? joiner : show(sign)));

/** A text that may have lines: what is dangerous is shown as its code point. */
export const makePrintable = (text: string): string =>
  replaceDangerous(text.replaceAll('\r\n', '\n'), (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`);

/** The same on one line. */
export const makeLine = (text: string): string => makePrintable(text.replaceAll(/[\r\n\t]+/g, ' '));

/** At most so many characters, for a cell of a table. */
export const limitText = (text: string, max = 1000): string => {
  const signs = text.length <= max ? undefined : [...text.slice(0, 2 * max)];
  return signs === undefined || signs.length <= max ? text : `${signs.slice(0, max - 1).join('')}…`;
};

/** A text as one line of Markdown in which nothing is markup, in a table's cell too. */
export const escapeMarkdown = (text: string): string =>
  makeLine(text)
    .replaceAll(/[\\`*<>&[\]|~]/g, (sign) => `\\${sign}`)
    .replace(/^ *(?=[#+=_-])/, '$&\\')
    .replace(/^ *\d+(?=[.)])/, '$&\\');

/** A value of which every text, names of fields among them, went through `change`. */
export function mapTexts<T>(value: T, change: (text: string) => string): T {
  const map = (part: unknown): unknown => {
    if (typeof part === 'string') return change(part);
    if (typeof part !== 'object' || part === null) return part;
    if (Array.isArray(part)) return part.map(map);
    return Object.fromEntries(Object.entries(part).map(([key, one]) => [change(key), map(one)]));
  };
  return map(value) as T;
}

/** JSON that holds the same values, in which what is dangerous is escaped. */
export const formJson = (value: unknown, indent = 2): string =>
  replaceDangerous(JSON.stringify(value, null, indent), (sign) =>
    sign
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
