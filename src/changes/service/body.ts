import type { Deployment } from '../../adapters/kubernetes/resources.ts';
import type { Workload } from '../../contract/mission.ts';
import type { ObjectMarks } from '../../ownership/marks.ts';

/** `selector`: labels of the pods behind it. */
export function createServiceBody(
  marks: ObjectMarks,
  { namespace, serviceName: name, port, targetPort, nodePort }: Workload,
  selector: Readonly<Record<string, string>>,
) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, ...marks },
    spec: { type: 'NodePort', selector, ports: [{ name: 'http', protocol: 'TCP', port, targetPort, nodePort }] },
  } as const;
}

/** A service selects by plain labels: a deployment that selects by expressions alone lends its pods' labels. */
export function readSelector({ spec }: Deployment): Readonly<Record<string, string>> {
  const matchLabels = spec?.selector?.matchLabels;
  const hasLabels = matchLabels !== undefined && Object.keys(matchLabels).length > 0;
  return hasLabels ? matchLabels : (spec?.template?.metadata?.labels ?? {});
}
