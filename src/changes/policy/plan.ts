import { nameForKubectl, openCalico } from '../../adapters/kubernetes/calico.ts';
import type { PolicySpec } from '../../contract/mission.ts';
import type { CalicoApi } from '../../contract/report.ts';
import { formCommand } from '../../contract/shell.ts';
import type { CalicoSite } from '../../contract/site.ts';
import type { ObjectMarks } from '../../ownership/marks.ts';
import type { UndoDraft } from '../kind.ts';

export interface PolicyInput {
  readonly name: string;
  /** Absent in plans of older versions of hepflow: v3. */
  readonly calico?: CalicoApi;
  /** As Calico's v3 API takes it. */
  readonly spec: { readonly tier: string } & object;
}

export function createPolicyBody(marks: ObjectMarks, { name, spec, calico }: PolicyInput) {
  // Calico's API server sets the tier label itself; with native CRDs nothing does, and Calico lists a tier's policies
  // by it.
  const labels = { ...marks.labels, 'projectcalico.org/tier': spec.tier };
  const { api: apiVersion } = openCalico(calico);
  const metadata = { name, ...marks, labels };
  return { apiVersion, kind: 'GlobalNetworkPolicy', metadata, spec: { types: chooseTypes(spec), ...spec } };
}

/** As Calico's API server fills them in; a policy without them in Calico's storage governs both directions. */
const chooseTypes = (spec: object): string[] => [
  ...('ingress' in spec || !('egress' in spec) ? ['Ingress'] : []),
  ...('egress' in spec ? ['Egress'] : []),
];

/**
 * Name of the policy object: Calico wants `<tier>.<name>` outside the tier `default`, and in its storage within it too
 * until v3.32 (libcalico-go/lib/names; calico#11232).
 */
export function namePolicy({ tier, name }: Pick<PolicySpec, 'tier' | 'name'>, calico?: CalicoSite): string {
  const isBare = tier === 'default' && !(calico?.api === 'crd.projectcalico.org/v1' && isOlderThan(calico, 3, 32));
  return isBare || name.startsWith(`${tier}.`) ? name : `${tier}.${name}`;
}

/** Unknown versions are old. */
function isOlderThan({ version }: CalicoSite, major: number, minor: number): boolean {
  const [, found = 0, within = 0] = (/^v?(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  return found < major || (found === major && within < minor);
}

/**
 * Whether an object's name is the policy's: older Calico API servers give back `default.` before names of the default
 * tier.
 */
export function isPolicyNamed(objectName: string, policy: Pick<PolicySpec, 'tier' | 'name'>): boolean {
  const name = namePolicy(policy);
  return objectName === name || (policy.tier === 'default' && objectName === `default.${name}`);
}

export const planUndo = (name: string, calico: CalicoApi): UndoDraft => ({
  undo: 'deletePolicy',
  input: { name, calico },
  subject: name,
  command: formCommand(
    ...['kubectl', 'delete', nameForKubectl('globalnetworkpolicy', openCalico(calico).globalNetworkPolicies), name],
  ),
  moment: { name: 'policyDeleted', title: 'policy deleted', words: "the policy's removal was asked for" },
});
