/** Enough of XML to tell that a page or file of ours is well-formed. */

const token =
  /<!--[\s\S]*?-->|<\?[^>]*\?>|<!doctype html>|<\/([\w:-]+)\s*>|<([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/gy;
const reference = /&(?!(?:amp|lt|gt|quot|#39);)/;

/** Names of all elements in the order of their start. Throws with what is wrong, and where. */
export function elementsOf(text: string): string[] {
  const open: string[] = [];
  const elements: string[] = [];
  let at = 0;
  const wrong = (what: string): never => {
    throw new Error(`${what} at ${at}: ${text.slice(Math.max(0, at - 60), at + 60)}`);
  };
  while (at < text.length) {
    if (text[at] !== '<') {
      const end = text.indexOf('<', at);
      const between = text.slice(at, end === -1 ? text.length : end);
      if (reference.test(between)) wrong('A bare ampersand');
      if (open.length === 0 && between.trim() !== '') wrong('Text outside the root');
      at += between.length;
      continue;
    }
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) return wrong('No tag');
    const [whole, closing, opening, attributes = '', empty] = match;
    if (reference.test(attributes)) wrong('A bare ampersand');
    const names = [...attributes.matchAll(/([\w:-]+)="/g)].map(([, name]) => name);
    if (new Set(names).size !== names.length) wrong('An attribute given twice');
    if (closing !== undefined && open.pop() !== closing) wrong(`</${closing}> closes nothing`);
    if (opening !== undefined) {
      elements.push(opening);
      if (empty === '') open.push(opening);
    }
    at += whole.length;
  }
  if (open.length > 0) wrong(`Open to the end: ${open.join(', ')}`);
  return elements;
}
