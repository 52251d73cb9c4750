import type { Phase, Target } from '../contract/evidence.ts';
import type { Verdict } from '../contract/verdict.ts';
import type { Nodes } from '../scenario/expectations.ts';
import type { Change } from './transitions.ts';

/** The ports that are to change on the way to a phase. `judged`: all verdicts before it. */
export function changesOn(
  phase: Phase,
  targets: readonly Target[],
  [first, second]: Nodes,
  judged: readonly Verdict[],
): Pick<Change, 'to' | 'targets'> {
  const nodePortsOf = (names: readonly string[]): readonly Target[] =>
    targets.filter(({ kind, node }) => kind === 'nodePort' && names.includes(node));
  if (phase === 'enforced') return { to: 'DROP', targets: nodePortsOf([first.name]) };
  if (phase === 'second') return { to: 'DROP', targets: nodePortsOf([second.name]) };
  const denied = judged.filter(({ expected }) => expected === 'DROP').map(({ node }) => node);
  return { to: 'OPEN', targets: phase === 'restored' ? nodePortsOf(denied) : [] };
}
