/** Bodies of the Kubernetes and Calico objects that a run creates. */
import type { PolicySpec, Workload } from '../contract/mission.ts';
import type { RunRef, StepInput } from '../contract/steps.ts';
import { marksOf, policyName } from '../ownership/names.ts';

export interface ServiceSpec {
  readonly type: 'NodePort';
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly [
    {
      readonly name: string;
      readonly protocol: 'TCP';
      readonly port: number;
      readonly targetPort: number;
      readonly nodePort: number;
    },
  ];
}

/** The NodePort service; `selector` is the deployment's matchLabels. */
export function serviceBody(
  run: RunRef,
  workload: Workload,
  selector: Readonly<Record<string, string>>,
): { metadata: object; spec: ServiceSpec; [field: string]: unknown } {
  const { namespace, serviceName: name, port, targetPort, nodePort } = workload;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, ...marksOf(run) },
    spec: { type: 'NodePort', selector, ports: [{ name: 'http', protocol: 'TCP', port, targetPort, nodePort }] },
  };
}

type PolicyInput = StepInput<'applyPolicy'>;

/** As Calico's v3 API takes it. */
export interface PolicyBodySpec {
  readonly tier: string;
  readonly order: number;
  readonly selector: string;
  readonly preDNAT: true;
  readonly applyOnForward: true;
  readonly types: readonly ['Ingress'];
  readonly ingress: readonly object[];
}

/**
 * The pre-DNAT policy: whatever comes from the node itself is allowed, TCP from the probe VM to the NodePort denied. No other traffic matches, and a
 * preDNAT policy brings no default deny (facts of Calico: felix/rules/static.go), so nothing else changes for the node.
 */
export function policyBody(
  run: RunRef,
  input: PolicyInput,
): { metadata: { name: string; labels: Record<string, string> }; spec: PolicyBodySpec; [field: string]: unknown } {
  const marks = marksOf(run);
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'GlobalNetworkPolicy',
    // Calico's API server sets the tier label itself; with native CRDs nothing does, and Calico lists a tier's policies by it.
    metadata: { name: policyName(input), ...marks, labels: { ...marks.labels, 'projectcalico.org/tier': input.tier } },
    spec: {
      tier: input.tier,
      order: input.order,
      selector: `${input.label.key} == ${quoted(input.label.value)}`,
      preDNAT: true,
      applyOnForward: true,
      types: ['Ingress'],
      ingress: [
        { action: 'Allow', source: { nets: ['127.0.0.1/32'] }, destination: {} },
        {
          action: 'Deny',
          protocol: 'TCP',
          source: { nets: [`${input.sourceAddress}/32`] },
          destination: { ports: [input.nodePort] },
        },
      ],
    },
  };
}

/** A selector's string: either kind of quotes, without escapes; a label's value can hold neither. */
const quoted = (value: string): string => `"${value}"`;

/** Whether an object's name is the policy's: older Calico API servers give back `default.` before names of the default tier. */
export function isPolicyNamed(objectName: string, policy: Pick<PolicySpec, 'tier' | 'name'>): boolean {
  const name = policyName(policy);
  return objectName === name || (policy.tier === 'default' && objectName === `default.${name}`);
}

/** Whether `actual` holds everything that `wanted` says; the API server may have added defaults. Lists count as a whole. */
export function holds(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((item, index) => holds(actual[index], item))
    );
  if (typeof wanted !== 'object' || wanted === null) return actual === wanted;
  const entries = Object.entries(wanted);
  // Optional empty objects may be dropped by the server's types.
  if (actual === undefined) return entries.length === 0;
  return (
    typeof actual === 'object' &&
    actual !== null &&
    entries.every(([key, value]) => holds((actual as Record<string, unknown>)[key], value))
  );
}
