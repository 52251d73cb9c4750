/** Waits for SSH; when nobody answers, Azure's effective rules tell what lets it in and what does not. */
import type { EffectiveGroup } from '../../adapters/azure/index.ts';
import { SshError } from '../../adapters/ssh/index.ts';
import { enumerate } from '../../contract/brief.ts';
import type { Applied } from '../../contract/change.ts';
import { HepflowError } from '../../contract/failures.ts';
import type { SessionRef } from '../../contract/vantage.ts';
import { createIds } from '../../ownership/names.ts';
import type { StepActivity } from '../../step/context.ts';
import { awaitSsh } from '../await-ssh.ts';

/** How long Azure may take to answer, in milliseconds. */
const askMs = 20_000;

export const awaitVmSsh: StepActivity<SessionRef, Applied> = async (input, tools, context) => {
  try {
    return await awaitSsh(input, tools, context);
  } catch (error) {
    if (!(error instanceof SshError) || error.kind !== 'unreachable') throw error;
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(askMs)]);
    const groups = await tools.azure.effective.securityGroups(createIds(context.run).interface, signal).catch(() => []);
    const denials = groups.flatMap(describeDenial);
    if (denials.length === 0) throw error;
    throw new HepflowError('SshUnreachable', `${error.message}. Azure's effective rules: ${denials.join('; ')}.`, {
      cause: error,
    });
  }
};

type InboundRule = EffectiveGroup['rules'][number];

/** The deny that ends a group's way in for SSH, and who is let in before it; nothing where all are let in. */
export function describeDenial({ rules }: EffectiveGroup): readonly string[] {
  const inbound = rules
    .filter((rule) => rule.direction === 'Inbound' && isAboutSsh(rule))
    .toSorted((a, b) => a.priority - b.priority);
  const end = inbound.findIndex((rule) => rule.access === 'Deny' || isForAll(rule));
  const rule = inbound[end];
  if (rule?.access !== 'Deny') return [];
  const allowed = inbound.slice(0, end).flatMap(({ sources }) => sources);
  const others = allowed.length === 0 ? '' : `, after ${enumerate(allowed)} are let in`;
  return [`${rule.name} (priority ${rule.priority}) denies tcp 22 from ${enumerate(rule.sources)}${others}`];
}

const isForAll = ({ sources }: InboundRule): boolean =>
  sources.some((each) => ['*', '0.0.0.0/0', 'internet'].includes(each.toLowerCase()));

const isAboutSsh = ({ protocol, destinationPorts }: InboundRule): boolean =>
  /^(tcp|all|\*)$/i.test(protocol) &&
  destinationPorts.some((range) => {
    const [first = 0, last = first] = range === '*' ? [0, 65_535] : range.split('-').map(Number);
    return first <= 22 && 22 <= last;
  });
