import type { KubeControllersConfiguration } from '../../adapters/kubernetes/resources.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import { tellInfo, tellOk, tellWarning } from '../look.ts';

/** Whether automatic host endpoints can be switched on, and what stands in the way. */
export function examineAutoCreate({ spec, status }: KubeControllersConfiguration): readonly Diagnosis[] {
  const { autoCreate, createDefaultHostEndpoint } = spec?.controllers?.node?.hostEndpoint ?? {};
  const found: Diagnosis[] = [
    autoCreate === 'Enabled'
      ? tellInfo('autoCreate', 'Automatic host endpoints are Enabled already; the run leaves them so.')
      : tellOk(
          'autoCreate',
          `Automatic host endpoints are ${autoCreate ?? 'not set'}; the run enables them, and puts that back.`,
        ),
  ];
  // An environment variable of calico-kube-controllers wins over the configuration object.
  const overriding = status?.environmentVars?.['AUTO_HOST_ENDPOINTS'];
  if (overriding !== undefined)
    found.push(
      tellWarning(
        'autoCreate',
        `AUTO_HOST_ENDPOINTS=${overriding} in the environment of calico-kube-controllers overrides autoCreate ` +
          'of KubeControllersConfiguration default.',
        'Remove the variable from its deployment.',
      ),
    );
  if (createDefaultHostEndpoint === 'Disabled')
    found.push(
      tellWarning(
        'autoCreate',
        'createDefaultHostEndpoint is Disabled: only host endpoint templates make host endpoints, and a node ' +
          'that none selects gets none.',
        'Set it to Enabled, or check that a template selects each node.',
      ),
    );
  if (status?.runningConfig === undefined)
    found.push(
      tellInfo(
        'autoCreate',
        'calico-kube-controllers has not reported its running configuration: check that it runs.',
        'kubectl get pods --all-namespaces | grep calico-kube-controllers',
      ),
    );
  return found;
}
