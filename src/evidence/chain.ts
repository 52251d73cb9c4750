import type { Evidence, Phase } from '../contract/evidence.ts';
import { digestEvidence } from './seal.ts';

const order: readonly Phase[] = ['baseline', 'enforced', 'second', 'restored'];

/** What breaks the chain first, in a sentence; undefined while every link holds from the run id to the head. */
export function findBreak(evidence: readonly Evidence[], runId: string): string | undefined {
  let before = { named: `the run id ${runId}`, seal: runId, phase: -1 };
  for (const [index, one] of evidence.entries()) {
    const { phase, seal } = one;
    const named = `link ${index + 1} (${phase})`;
    const broken = (why: string): string => `The chain is broken at ${named}: ${why}`;
    if (order.indexOf(phase) <= before.phase) return broken(`phase ${phase} cannot come after ${before.named}.`);
    if (seal === undefined) return broken('it is not sealed.');
    if (seal.previous !== before.seal)
      return broken(
        `it was sealed onto ${seal.previous}, but ${before.named} ${index === 0 ? 'comes' : `with ${before.seal} comes`} before it.`,
      );
    const digest = digestEvidence(one, seal.previous);
    if (digest !== seal.sha256)
      return broken(`it was changed after it was sealed with ${seal.sha256}; its content gives ${digest}.`);
    before = { named, seal: seal.sha256, phase: order.indexOf(phase) };
  }
  return undefined;
}

/** The last seal; null without evidence. It stands for everything that was seen. */
export const findHead = (evidence: readonly Evidence[]): string | null => evidence.at(-1)?.seal?.sha256 ?? null;
