import { readFileSync } from 'node:fs';
import type { CalicoObject } from '../../../../lab/calico/objects.ts';
import type { Outcomes } from './world.ts';

/** What genuine Calico v3.32.1 answered to a set of objects. */
export interface Case {
  readonly id: string;
  readonly objects: readonly CalicoObject<unknown>[];
  /** Felix and kube-proxy in iptables mode; probes that are not named were open. */
  readonly iptables: Outcomes;
  /** The same in nftables mode, where it differs. */
  readonly nftables: Outcomes;
}

const [head = '', ...lines] = readFileSync(new URL('truth.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');
const { probes } = JSON.parse(head) as { readonly probes: readonly string[] };

export const cases = lines.map((line) => JSON.parse(line) as Case);

export const listExpected = ({ iptables, nftables }: Case, mode: 'iptables' | 'nftables' = 'iptables'): Outcomes => ({
  ...Object.fromEntries(probes.map((probe) => [probe, 'open'])),
  ...iptables,
  ...(mode === 'nftables' && nftables),
});
