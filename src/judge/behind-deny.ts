/**
 * Whether a pod on the denied node answers through another node: then the pod lives, and only the way in through its
 * node's port is shut.
 */

import { listNames } from '../contract/brief.ts';
import type { BackendHealth, Evidence, Target } from '../contract/evidence.ts';
import type { Finding, FindingResult } from '../contract/report.ts';
import type { Verdict } from '../contract/verdict.ts';
import { explainPodsBehind, explainUnknownBehind } from './sentences/finding.ts';

/** One for each silent NodePort while another node's NodePort of its service is open. */
export function lookBehindDeny(verdicts: readonly Verdict[], evidence: Evidence): Finding[] {
  const nodePorts = verdicts.filter(({ target }) => target.kind === 'nodePort');
  return nodePorts.flatMap(({ target, node, expected }) => {
    const open = nodePorts.find(
      (one) => one.expected === 'OPEN' && one.node !== node && one.target.service === target.service,
    );
    return expected === 'OPEN' || open === undefined ? [] : [lookBehind(target, open.target.id, evidence)];
  });
}

function lookBehind({ node, service = '' }: Target, through: string, evidence: Evidence): Finding {
  const { phase, vantage, answers, backends } = evidence;
  const form = (result: FindingResult, sentence: string): Finding => ({
    ...{ phase, vantage, about: 'backendBehindDeny', title: 'The pods behind the denied node' },
    ...{ subject: node, result, sentence },
  });
  const { before, after } = backends[service] ?? {};
  const pods = [...(before?.pods ?? []), ...(after?.pods ?? [])];
  const found = findAnswering(node, pods, Object.entries(answers?.[through] ?? {}));
  return typeof found === 'string'
    ? form('UNKNOWN', explainUnknownBehind(node, through, found))
    : form('CONFIRMED', explainPodsBehind(found.pods, node, through, found.counts));
}

type Pods = NonNullable<BackendHealth['pods']>;
type Lines = readonly (readonly [line: string, times: number])[];

/** The pods of a node that answered, and how many of how many answers are theirs. A text: why that is not known. */
function findAnswering(
  node: string,
  pods: Pods,
  lines: Lines,
): string | { readonly pods: readonly string[]; readonly counts: readonly [number, number] } {
  if (lines.length === 0) return 'no answer there gave a name';
  if (pods.length === 0) return 'where the pods run could not be read';
  const here = [...new Set(pods.filter((pod) => pod.node === node).map(({ name }) => name))];
  if (here.length === 0) return 'no pod runs there';
  if (!lines.some(([line]) => pods.some(({ name }) => hasWord(line, name)))) return 'the answers name no pod';
  const found = here.filter((name) => lines.some(([line]) => hasWord(line, name)));
  const all = countAnswers(lines);
  if (found.length === 0)
    return `none of ${all} answers came from ${listNames(here)}, which ${here.length === 1 ? 'runs' : 'run'} there`;
  return {
    pods: found,
    counts: [countAnswers(lines.filter(([line]) => found.some((name) => hasWord(line, name)))), all],
  };
}

const countAnswers = (lines: Lines): number => lines.reduce((sum, [, times]) => sum + times, 0);

/** Whether a line names a pod as a whole word: `web-1` is not in `web-10`. */
function hasWord(line: string, pod: string): boolean {
  const at = line.indexOf(pod);
  if (at === -1) return false;
  const isPreceded = /[\w-]$/.test(line.slice(0, at));
  const isFollowed = /^[\w-]/.test(line.slice(at + pod.length));
  return (!isPreceded && !isFollowed) || hasWord(line.slice(at + 1), pod);
}
