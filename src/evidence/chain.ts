/**
 * The chain of evidence: from the run id on, each link is sealed onto the one before, in the order of the report's
 * phases.
 */
import type { Evidence } from '../contract/evidence.ts';
import type { PhaseName } from '../contract/phase.ts';
import type { Report } from '../contract/report.ts';
import { digestEvidence } from './seal.ts';

/**
 * What breaks the chain first, in a sentence; undefined while every link holds from the run id to the head.
 * Of dropped evidence only the place in the chain can be checked.
 */
export function findBreak({
  runId,
  phases,
  evidence,
}: Pick<Report, 'runId' | 'phases' | 'evidence'>): string | undefined {
  const order = phases.map(({ name }) => name);
  for (const [index, link] of evidence.entries()) {
    const earlier = evidence.slice(0, index);
    const why = findMisplacement(link, earlier, order) ?? findWrongSeal(link, earlier, runId);
    if (why !== undefined) return `The chain is broken at ${describeLink(index + 1, link)}: ${why}`;
  }
  return undefined;
}

/** The last seal; null without evidence. It stands for everything that was seen. */
export const findHead = (evidence: readonly Evidence[]): string | null => evidence.at(-1)?.seal?.sha256 ?? null;

const describeLink = (number: number, { phase, vantage }: Evidence): string =>
  `link ${number} (${phase} from ${vantage})`;

/** Phases come in their order, each at most once from a vantage. */
function findMisplacement(
  { phase, vantage }: Evidence,
  earlier: readonly Evidence[],
  order: readonly PhaseName[],
): string | undefined {
  const place = order.indexOf(phase);
  if (place === -1) return `the report has no phase ${phase}.`;
  const last = earlier.at(-1);
  if (last !== undefined && place < order.indexOf(last.phase))
    return `phase ${phase} cannot come after ${describeLink(earlier.length, last)}.`;
  const isRepeated = earlier.some((one) => one.phase === phase && one.vantage === vantage);
  return isRepeated ? `phase ${phase} was seen from ${vantage} before.` : undefined;
}

function findWrongSeal(link: Evidence, earlier: readonly Evidence[], runId: string): string | undefined {
  const { seal } = link;
  if (seal === undefined) return 'it is not sealed.';
  const last = earlier.at(-1);
  const previous = last?.seal?.sha256 ?? runId;
  if (seal.previous !== previous) {
    const before =
      last === undefined ? `the run id ${runId}` : `${describeLink(earlier.length, last)} with ${previous}`;
    return `it was sealed onto ${seal.previous}, but ${before} comes before it.`;
  }
  if (link.dropped) return undefined; // its seal is of content that the report does not hold
  const digest = digestEvidence(link, seal.previous);
  return digest === seal.sha256
    ? undefined
    : `it was changed after it was sealed with ${seal.sha256}; its content gives ${digest}.`;
}
