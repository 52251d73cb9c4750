/** What each witness says about one thing: shared by the judge and the findings. Pure and free of Node. */
import type { Evidence, Target } from '../contract/evidence.ts';
import { isMissing } from '../contract/observation.ts';
import type { Finding, FindingAbout } from '../contract/report.ts';

/** A finding before it is placed in a phase. The sentence has no full stop: it can stand within another. */
export interface Said {
  readonly about: FindingAbout;
  readonly subject: string;
  readonly result: Finding['result'];
  readonly says: string;
}

type Witnessing = Pick<Evidence, 'witnesses'>;

const notAsked = 'they were not asked';

/** Whether the node's own rules counted the SYNs that kept silent. */
export function deniedPackets(node: string, syns: number, { witnesses }: Witnessing): Said {
  const of = (result: Said['result'], says: string): Said => ({ about: 'deniedPackets', subject: node, result, says });
  const found = witnesses?.deniedPackets[node];
  if (found === undefined || isMissing(found))
    return of('UNKNOWN', `the packet counters of ${node} are missing as a witness: ${found?.missing ?? notAsked}`);
  const { source, before, after } = found;
  if (after === null)
    return of(
      'UNKNOWN',
      `the packet counters of ${node} are missing as a witness: no counter of ${source} names the policy`,
    );
  const counted = after - (before ?? 0);
  if (counted >= syns)
    return of(
      'CONFIRMED',
      `the rules of ${node} counted ${packets(counted)} denied by the policy for ${syns} SYNs of the proof (${source})`,
    );
  if (counted < 0)
    return of('UNKNOWN', `the packet counters of ${node} are missing as a witness: ${source} began anew meanwhile`);
  if (counted === 0 && before !== null)
    return of(
      'CONTRADICTED',
      `the rules of ${node} counted no packet denied by the policy for ${syns} SYNs of the proof (${source})`,
    );
  return of(
    'UNKNOWN',
    `the rules of ${node} counted only ${packets(counted)} denied by the policy for ${syns} SYNs of the proof (${source})`,
  );
}

/** Whether Azure's rules let the VM's packets out to each target. */
export function securityRules(targets: readonly Target[], { witnesses }: Witnessing): Said[] {
  const rules = witnesses?.securityRules;
  const of = (subject: string, result: Said['result'], says: string): Said => ({
    about: 'securityRules',
    subject,
    result,
    says,
  });
  if (rules === undefined || isMissing(rules))
    return [
      of('', 'UNKNOWN', `Azure’s effective security rules are missing as a witness: ${rules?.missing ?? notAsked}`),
    ];
  const silent = targets.filter(({ id }) => rules[id] === undefined);
  const denying = targets.flatMap(({ id }) => (rules[id]?.access === 'Deny' ? [{ id, rule: rules[id].rule }] : []));
  if (denying.length > 0)
    return denying.map(({ id, rule }) =>
      of(id, 'CONTRADICTED', `Azure’s security rule ${rule} keeps the VM’s packets from ${id}`),
    );
  if (silent.length > 0)
    return [
      of(
        '',
        'UNKNOWN',
        `Azure’s effective security rules are missing as a witness: they say nothing of ${listed(silent.map(({ id }) => id))}`,
      ),
    ];
  return [of('', 'CONFIRMED', `Azure’s effective security rules let the VM’s packets out to ${ports(targets.length)}`)];
}

/** Whether Azure's routes lead from the VM to each target. */
export function routes(targets: readonly Target[], { witnesses }: Witnessing): Said[] {
  const found = witnesses?.routes;
  const of = (subject: string, result: Said['result'], says: string): Said => ({
    about: 'routes',
    subject,
    result,
    says,
  });
  if (found === undefined || isMissing(found))
    return [of('', 'UNKNOWN', `Azure’s effective routes are missing as a witness: ${found?.missing ?? notAsked}`)];
  const silent = targets.filter(({ id }) => found[id] === undefined);
  const nowhere = targets.flatMap(({ id }) =>
    found[id]?.nextHop === 'None' ? [{ id, prefix: found[id].prefix }] : [],
  );
  if (nowhere.length > 0)
    return nowhere.map(({ id, prefix }) =>
      of(id, 'CONTRADICTED', `Azure’s effective route ${prefix} drops the VM’s packets to ${id}`),
    );
  if (silent.length > 0)
    return [
      of(
        '',
        'UNKNOWN',
        `Azure’s effective routes are missing as a witness: they say nothing of ${listed(silent.map(({ id }) => id))}`,
      ),
    ];
  const hops = [...new Set(targets.flatMap(({ id }) => found[id]?.nextHop ?? []))];
  return [
    of('', 'CONFIRMED', `Azure’s effective routes lead from the VM to ${ports(targets.length)} (${listed(hops)})`),
  ];
}

/** Whether both sides of the peering stood. */
export function peerings({ witnesses }: Witnessing): Said[] {
  const found = witnesses?.peerings;
  const of = (subject: string, result: Said['result'], says: string): Said => ({
    about: 'peerings',
    subject,
    result,
    says,
  });
  if (found === undefined || isMissing(found))
    return [of('', 'UNKNOWN', `the peerings’ states are missing as a witness: ${found?.missing ?? notAsked}`)];
  if (found.length < 2)
    return [
      of('', 'UNKNOWN', `the peerings’ states are missing as a witness: ${found.length} of 2 sides could be read`),
    ];
  const broken = found.filter(
    ({ state, provisioningState }) => state !== 'Connected' || provisioningState !== 'Succeeded',
  );
  if (broken.length > 0)
    return broken.map(({ id, state, provisioningState }) =>
      of(id, 'CONTRADICTED', `the peering ${id} is ${state}, ${provisioningState}`),
    );
  return [of('', 'CONFIRMED', `both sides of the peering are Connected`)];
}

/** What speaks for another cause of a port's silence than the policy: one cause for each. */
export function otherCauses(target: Target, syns: number, evidence: Witnessing): readonly string[] {
  if (evidence.witnesses === undefined) return [];
  const all = [
    ...securityRules([target], evidence),
    ...routes([target], evidence),
    ...peerings(evidence),
    deniedPackets(target.node, syns, evidence),
  ];
  return all.filter(({ result }) => result === 'CONTRADICTED').map(({ says }) => says);
}

const packets = (count: number): string => `${count} ${count === 1 ? 'packet' : 'packets'}`;
const ports = (count: number): string => (count === 1 ? 'the port' : `all ${count} ports`);

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
