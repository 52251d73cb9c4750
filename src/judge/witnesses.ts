/**
 * What witnesses say beside the verdicts. A source's name and words are its own: nothing here knows one from another.
 */
import type { Evidence, Target } from '../contract/evidence.ts';
import type { Finding, FindingResult } from '../contract/report.ts';
import type { Witness } from '../contract/vantage.ts';
import type { Verdict } from '../contract/verdict.ts';
import * as sentences from './sentences/finding.ts';

/** What a source says of one thing: a finding without its place. */
interface WitnessAnswer {
  readonly subject: string;
  readonly result: FindingResult;
  readonly sentence: string;
}

/**
 * One for each source that agrees or is missing, one for each witness that contradicts; of node counters, one for each
 * silent port.
 */
export function listTestimonies(verdicts: readonly Verdict[], evidence: Evidence): Finding[] {
  const { phase, vantage, targets, witnesses = [] } = evidence;
  const place = { phase, vantage };
  if (witnesses.length === 0) {
    if (!verdicts.some(({ expected }) => expected === 'DROP')) return [];
    const sentence = sentences.explainNoWitness();
    return [{ ...place, about: 'witnesses', title: 'Witnesses', subject: '', result: 'UNKNOWN', sentence }];
  }
  const silent = verdicts.filter(({ expected, observed }) => expected === 'DROP' && observed === 'DROP');
  return [...new Map(witnesses.map(({ by, title }) => [by, title]))].flatMap(([by, title]) => {
    const said = witnesses.filter((one) => one.by === by);
    const ways = said.filter(({ of }) => of === 'way');
    const counters = said.filter(({ of }) => of === 'policy');
    const answers = [
      ...(ways.length > 0 ? hearWays(title, ways, targets) : []),
      ...(counters.length > 0 ? silent.map((verdict) => hearCounter(title, counters, verdict)) : []),
    ];
    return answers.map((answer): Finding => ({ ...place, about: by, title, ...answer }));
  });
}

/** Whether a source let packets through to every target. */
function hearWays(title: string, ways: readonly Witness[], targets: readonly Target[]): WitnessAnswer[] {
  const blocking = ways.filter(contradicts);
  if (blocking.length > 0)
    return blocking.map((one) => ({
      subject: one.about ?? '',
      result: 'CONTRADICTED',
      sentence: sentences.explainBlock(one),
    }));
  const missing = ways.filter(({ says }) => says === 'missing');
  const about = [
    ...missing.flatMap(({ about }) => about ?? []),
    ...targets.filter((target) => !ways.some((one) => concerns(one, target))).map(({ id }) => id),
  ];
  if (missing.length + about.length > 0)
    return [
      { subject: '', result: 'UNKNOWN', sentence: sentences.explainNoAnswer(title, about, listReasons(missing)) },
    ];
  return [
    { subject: '', result: 'CONFIRMED', sentence: sentences.explainWay(title, targets.length, listReasons(ways)) },
  ];
}

/** Whether a node's own rules counted the SYNs that were not answered. */
function hearCounter(title: string, counters: readonly Witness[], { target, node, evidence }: Verdict): WitnessAnswer {
  const one = counters.find((each) => concerns(each, target));
  const form = (result: FindingResult, sentence: string): WitnessAnswer => ({ subject: node, result, sentence });
  if (one === undefined) return form('UNKNOWN', sentences.explainNoAnswer(title, [node], ['it was not asked']));
  if (one.says === 'missing') return form('UNKNOWN', sentences.explainNoAnswer(title, [node], [one.because]));
  const sentence = sentences.explainCount(node, one, evidence.syns);
  if (contradicts(one)) return form('CONTRADICTED', sentence);
  return form((one.packets ?? 0) >= evidence.syns ? 'CONFIRMED' : 'UNKNOWN', sentence);
}

/** What speaks for another cause of a port's silence than the policy, as clauses: one for each witness. */
export const listOtherCauses = (target: Target, syns: number, witnesses: readonly Witness[]): readonly string[] =>
  witnesses
    .filter((one) => contradicts(one) && concerns(one, target))
    .map((one) => (one.of === 'way' ? sentences.describeBlock(one) : sentences.describeCount(target.node, one, syns)));

/**
 * A way that blocks is another cause of silence than the policy; where a node counted nothing, the policy was not the
 * cause.
 */
const contradicts = ({ of, says }: Witness): boolean => says === (of === 'way' ? 'blocks' : 'allows');

const concerns = ({ of, about }: Witness, { id, node }: Target): boolean =>
  about === null || about === (of === 'way' ? id : node);

const listReasons = (some: readonly Witness[]): readonly string[] => [...new Set(some.map(({ because }) => because))];
