import { runIn } from '../../process/run.ts';
import { table } from './script.ts';

export interface Count {
  readonly packets: number;
  readonly bytes: number;
}

/**
 * Packets that the stand-in denied on a node since its rules last changed, by what denied them: `gnp/<name>`,
 * `np/<namespace>/<name>`, `end-of-tier/<tier>`, `no-profile/<host or workload>`, `invalid`,
 * `unknown-workload-interface`.
 */
export async function readCounters(netns: string): Promise<Record<string, Count>> {
  const { nftables } = JSON.parse(await runIn(netns, ['nft', '-j', 'list', 'counters', 'table', 'ip', table])) as {
    nftables: readonly { readonly counter?: Count & { readonly name: string } }[];
  };
  return Object.fromEntries(
    nftables.flatMap(({ counter }) =>
      counter === undefined ? [] : [[counter.name, { packets: counter.packets, bytes: counter.bytes }]],
    ),
  );
}
