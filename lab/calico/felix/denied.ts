import { runIn } from '../../process/run.ts';
import type { Policy } from './policies.ts';

/** Packets that a rule of a policy denied from one address. */
export interface Denied {
  /**
   * As Felix names the rule in `calico_denied_packets`: `tier|policy|rule|deny`, a namespaced policy as
   * `namespace/policy` (felix/calc, RuleID).
   */
  readonly rule: string;
  readonly source: string;
  readonly packets: number;
}

/** Name of the set that counts what a rule denies by source address. */
export const nameDeniedSet = ({ tier, id }: Pick<Policy, 'tier' | 'id'>, index: number): string =>
  `denied/${tier}/${index}/${id}`;

function readRuleName(set: string): string | undefined {
  const [, tier, index, policy] = /^denied\/([^/]+)\/(\d+)\/(?:gnp|np)\/(.+)$/.exec(set) ?? [];
  return policy === undefined ? undefined : `${tier}|${policy}|${index}|deny`;
}

interface Sets {
  readonly nftables: readonly {
    readonly set?: {
      readonly name: string;
      readonly elem?: readonly {
        readonly elem?: { readonly val: string; readonly counter?: { readonly packets: number } };
      }[];
    };
  }[];
}

/** What the rules that are programmed on a node have denied; nothing before the first script. */
export async function readDenied(netns: string): Promise<Denied[]> {
  const { nftables } = JSON.parse(await runIn(netns, ['nft', '-j', 'list', 'sets', 'ip'])) as Sets;
  return nftables.flatMap(({ set }) => {
    const rule = readRuleName(set?.name ?? '');
    if (rule === undefined) return [];
    return (set?.elem ?? []).flatMap(({ elem }) =>
      elem?.counter === undefined ? [] : [{ rule, source: elem.val, packets: elem.counter.packets }],
    );
  });
}

/** One entry for each rule and source. */
export function sumDenied(counts: readonly Denied[]): Denied[] {
  const sums = new Map<string, Denied>();
  for (const each of counts) {
    const key = `${each.rule} ${each.source}`;
    sums.set(key, { ...each, packets: each.packets + (sums.get(key)?.packets ?? 0) });
  }
  return [...sums.values()].toSorted((a, b) => (`${a.rule} ${a.source}` < `${b.rule} ${b.source}` ? -1 : 1));
}
