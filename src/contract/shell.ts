/** One word for a POSIX shell, which reads it back as it is. */
export const quoteWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * A command for a person to paste into a shell, from the words that its program is to get. Every command that is
 * printed is made here: names come from others.
 */
export const formCommand = (...words: readonly string[]): string => words.map(quoteWord).join(' ');
