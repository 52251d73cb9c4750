/** How much of Azure's answers is taken; beyond it a call fails with `AnswerTooBig`. */
export const answerLimits = {
  bodyBytes: 16 * 1024 * 1024,
  /** Of all pages of a list together. */
  listBytes: 128 * 1024 * 1024,
  pages: 1000,
  items: 100_000,
  details: 20,
  messageChars: 500,
} as const;

/** The beginning of a message, and how much more there was. */
export function shortenMessage(text: string): string {
  if (text.length <= answerLimits.messageChars) return text;
  const kept = answerLimits.messageChars - 50;
  return `${text.slice(0, kept)} (and ${text.length - kept} more characters)`;
}
