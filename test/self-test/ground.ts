/** What mutations lay hands on: the lab, and a few facts about its places. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/lab.ts';
import { listNamespaces } from '../../lab/network/namespaces.ts';
import type { NodeNet } from '../../lab/network/nodes.ts';
import { run, runIn } from '../../lab/process/run.ts';
import { nameNetns } from '../../lab/scope.ts';
import { type Caller, callerOf } from '../interop/arm.ts';

/** Of the run's spec. */
export const nodePort = 30080;
/** The VM's address space. */
export const vmSpace = '192.168.0.0/16';

/** The lab as those see it who break it. */
export interface Ground {
  readonly lab: Lab;
  readonly azure: Caller;
  /** The node that is labelled first, and the one that stays a control. */
  readonly nodes: readonly [NodeNet, NodeNet];
  /** Network namespace that routes between the VM's network and the nodes. */
  readonly path: string;
}

export async function surveyGround(lab: Lab): Promise<Ground> {
  const [first, second] = lab.fabric.nodes;
  if (first === undefined || second === undefined) throw new Error('The lab has fewer than two nodes.');
  return { lab, azure: await callerOf(lab), nodes: [first, second], path: nameNetns(lab.scope, 'vnet-cluster') };
}

/** Takes back what a strike did; absent where nothing is left of it. */
export type Mend = () => Promise<unknown>;

const table = 'self-test';

/**
 * Adds rules to a namespace, a chain to a hook; the mend removes them. Named counters come into being with the rules
 * that name them.
 */
export async function addRules(
  namespace: string,
  chains: readonly { readonly hook: string; readonly rules: readonly string[] }[],
): Promise<Mend> {
  const body = chains
    .map(
      ({ hook, rules }, index) =>
        `chain c${index} {\n type filter hook ${hook}; policy accept;\n ${rules.join('\n ')}\n}`,
    )
    .join('\n');
  const counters = [...body.matchAll(/counter name "(\w+)"/g)].map(([, name]) => `counter ${name} {\n}`);
  await runIn(namespace, ['nft', '-f', '-'], `table ip ${table} {\n${counters.join('\n')}\n${body}\n}\n`);
  return () => run(['ip', 'netns', 'exec', namespace, 'nft', 'delete', 'table', 'ip', table]);
}

/** Packets that a counter of `addRules` has counted. */
export const readPackets = async (namespace: string, counter: string): Promise<number> =>
  Number(/packets (\d+)/.exec(await runIn(namespace, ['nft', 'list', 'counter', 'ip', table, counter]))?.[1]);

/**
 * Whether the proof window of a DROP has begun: a SYN was repeated, and only proof connections wait as long as that
 * takes, 1 s.
 */
export const awaitProof = (ground: Ground): Promise<void> => waitUntil('a SYN is repeated', () => synRepeated(ground));

/** No such connection waits any more: each was let in, or has given up. */
export const awaitProofEnd = (ground: Ground): Promise<void> =>
  waitUntil('no SYN is repeated', async () => !(await synRepeated(ground)));

async function synRepeated({ lab }: Ground): Promise<boolean> {
  const vm = (await listNamespaces(lab.scope.id)).find((name) => name.includes('-vm-'));
  if (vm === undefined) return false;
  const waiting = await runIn(vm, ['ss', '-Hnot', 'state', 'syn-sent', `dport = ${nodePort}`]);
  return /timer:\(on,[^,]*,[1-9]/.test(waiting);
}

/** Waits until something holds; the bound is far above what it takes. */
export async function waitUntil(what: string, holds: () => Promise<boolean>, boundMs = 30_000): Promise<void> {
  for (const deadline = Date.now() + boundMs; !(await holds()); await sleep(20)) {
    if (Date.now() > deadline) throw new Error(`Not within ${boundMs} ms: ${what}.`);
  }
}
