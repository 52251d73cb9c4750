import { join } from 'node:path';
import { type Child, startChild } from '../process/child.ts';
import type { LabScope } from '../scope.ts';

/**
 * Controllers that the workload, its services and their removal need. Without a kubelet's leases, node-lifecycle would
 * declare every node dead.
 */
const controllers = [
  'deployment-controller',
  'replicaset-controller',
  'endpoints-controller',
  'endpointslice-controller',
  'namespace-controller',
  'garbage-collector-controller',
];

/**
 * Starts a real kube-controller-manager. It serves no port, so only the work of its controllers shows that it is ready.
 */
export function startControllerManager(scope: LabScope, program: string, kubeconfigFile: string): Promise<Child> {
  return startChild({
    name: 'kube-controller-manager',
    command: [
      program,
      ...['--kubeconfig', kubeconfigFile, '--secure-port', '0', '--leader-elect=false'],
      ...['--controllers', controllers.join(','), '--kube-api-qps', '200', '--kube-api-burst', '400'],
    ],
    logFile: join(scope.logs, 'kube-controller-manager.log'),
  });
}
