import type { PolicySpec } from '../../contract/mission.ts';
import { formCommand } from '../../contract/shell.ts';
import type { ObjectMarks } from '../../ownership/marks.ts';
import type { UndoDraft } from '../kind.ts';

export interface PolicyInput {
  readonly name: string;
  /** As Calico's v3 API takes it. */
  readonly spec: { readonly tier: string } & object;
}

export function createPolicyBody(marks: ObjectMarks, { name, spec }: PolicyInput, apiVersion: string) {
  // Calico's API server sets the tier label itself; with native CRDs nothing does, and Calico lists a tier's policies
  // by it.
  const labels = { ...marks.labels, 'projectcalico.org/tier': spec.tier };
  return { apiVersion, kind: 'GlobalNetworkPolicy', metadata: { name, ...marks, labels }, spec };
}

/** Name of the policy object: Calico wants `<tier>.<name>` outside the tier `default`. */
export const namePolicy = ({ tier, name }: Pick<PolicySpec, 'tier' | 'name'>): string =>
  tier === 'default' || name.startsWith(`${tier}.`) ? name : `${tier}.${name}`;

/**
 * Whether an object's name is the policy's: older Calico API servers give back `default.` before names of the default
 * tier.
 */
export function isPolicyNamed(objectName: string, policy: Pick<PolicySpec, 'tier' | 'name'>): boolean {
  const name = namePolicy(policy);
  return objectName === name || (policy.tier === 'default' && objectName === `default.${name}`);
}

export const planUndo = (name: string): UndoDraft => ({
  undo: 'deletePolicy',
  input: { name },
  subject: name,
  command: formCommand('kubectl', 'delete', 'globalnetworkpolicy', name),
  moment: { name: 'policyDeleted', title: 'policy deleted', words: "the policy's removal was asked for" },
});
