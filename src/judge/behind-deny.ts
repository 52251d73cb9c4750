/** Whether a pod on the denied node answers through another node: then the pod lives, and only the way in through its node's port is shut. Pure and free of Node. */
import type { Evidence } from '../contract/evidence.ts';
import type { Verdict } from '../contract/verdict.ts';
import { listed, type Said } from './witnesses.ts';

/** One for each denied node while another node's NodePort is open. */
export function behindDeny(verdicts: readonly Verdict[], evidence: Evidence): Said[] {
  const nodePorts = verdicts.filter(({ target }) => target.kind === 'nodePort');
  const open = nodePorts.find(({ expected }) => expected === 'OPEN');
  if (open === undefined) return [];
  return nodePorts
    .filter(({ expected }) => expected === 'DROP')
    .map(({ node }) => behind(node, open.target.id, evidence));
}

function behind(node: string, through: string, { answers, backends }: Evidence): Said {
  const of = (result: Said['result'], says: string): Said => ({
    about: 'backendBehindDeny',
    subject: node,
    result,
    says,
  });
  const unknown = (why: string): Said =>
    of('UNKNOWN', `whether a pod on ${node} answers through ${through} is not known: ${why}`);
  const pods = [...(backends.before.pods ?? []), ...(backends.after.pods ?? [])];
  const lines = Object.entries(answers?.[through] ?? {});
  if (lines.length === 0) return unknown('nobody who answered there gave a name');
  if (pods.length === 0) return unknown('where the pods run could not be read');
  const here = [...new Set(pods.filter((pod) => pod.node === node).map(({ name }) => name))];
  if (here.length === 0) return unknown('no pod runs there');
  if (!lines.some(([line]) => pods.some(({ name }) => names(line, name)))) return unknown('the answers name no pod');
  const found = here.filter((name) => lines.some(([line]) => names(line, name)));
  const count = lines
    .filter(([line]) => found.some((name) => names(line, name)))
    .reduce((sum, [, times]) => sum + times, 0);
  const all = lines.reduce((sum, [, times]) => sum + times, 0);
  if (found.length === 0)
    return unknown(
      `none of ${all} answers came from ${listed(here)}, which ${here.length === 1 ? 'runs' : 'run'} there`,
    );
  return of(
    'CONFIRMED',
    `${found.length === 1 ? 'the pod' : 'the pods'} ${listed(found)} on ${node} gave ${count} of ${all} answers through ${through}: the workload lives there, and only the way in through that node is shut`,
  );
}

/** Whether a line names a pod as a whole word: `web-1` is not in `web-10`. */
function names(line: string, pod: string): boolean {
  const at = line.indexOf(pod);
  if (at === -1) return false;
  const wordBefore = /[\w-]$/.test(line.slice(0, at));
  const wordAfter = /^[\w-]/.test(line.slice(at + pod.length));
  return (!wordBefore && !wordAfter) || names(line.slice(at + 1), pod);
}
