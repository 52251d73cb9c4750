import { AzureError } from '../adapters/azure/index.ts';
import { groupOfCalico } from '../adapters/kubernetes/calico.ts';
import { KubernetesError } from '../adapters/kubernetes/index.ts';
import { describeError } from '../contract/brief.ts';
import type { Diagnosis } from '../contract/diagnosis.ts';
import { type FailureCode, failures } from '../contract/failures.ts';
import { listAskedById } from '../step/allow.ts';
import type { Tools } from '../step/context.ts';
import { classifyAzureError, tellReasons } from '../step/failures/azure.ts';
import { classifyKubernetesError } from '../step/failures/kubernetes.ts';
import { inspectAzure } from './azure/index.ts';
import { type ClusterQuestion, inspectCluster } from './cluster/index.ts';
import { inspectLease } from './cluster/lease.ts';
import { locateCluster } from './locate.ts';
import { type OnError, tellInfo, tellProblem } from './look.ts';
import { inspectScope, tellForbidden } from './scope.ts';

/** No run has this id, so nothing in the cluster is taken for the examiner's own. */
const nobody = 'doctor';

/**
 * Preflight told in full, read only: every finding of Azure and of the cluster. What cannot be asked is a problem
 * beside the others, not an error: nothing is tried
 * again. Temporal is not asked.
 */
export async function examine(
  asked: ClusterQuestion,
  { azure, clusters, allow }: Pick<Tools, 'azure' | 'clusters' | 'allow'>,
): Promise<readonly Diagnosis[]> {
  const { mission } = asked;
  const ref = locateCluster(mission);
  const scope = inspectScope(mission, allow);
  const ofAzure = await inspectAzure(mission, { azure }, unaskable);
  const site = ofAzure.site === undefined ? {} : { nodeResourceGroup: ofAzure.site.nodeResourceGroup };
  const network = ofAzure.site === undefined ? [] : tellForbidden(allow, listAskedById(ofAzure.site.clusterVnetId));
  const isToldAlready = ofAzure.problems.length > 0;
  const ofCluster: OnError = (error) =>
    error instanceof AzureError ? [withoutKubeconfig(error, isToldAlready)] : unaskable(error);
  const [held, cluster] = await Promise.all([
    inspectLease(ref, nobody, { clusters }).catch((error) => ({ findings: ofCluster(error) })),
    inspectCluster({ ...asked, ...site }, nobody, { clusters }, ofCluster),
  ]);
  return once([...scope, ...network, ...ofAzure.findings, ...held.findings, ...cluster.findings]);
}

/** What a service that cannot be asked means for whoever waits for the answer. */
function unaskable(error: unknown): readonly Diagnosis[] {
  if (error instanceof AzureError) {
    const { code } = classifyAzureError(error);
    return [
      tellProblem(
        'azure',
        code,
        '',
        `Azure could not be asked to ${tellReasons(error)}`,
        remedyOf(code, 'Azure Resource Manager'),
      ),
    ];
  }
  if (error instanceof KubernetesError) {
    const { code, message } = classifyKubernetesError(error);
    if (error.status === 503 && error.details.group === groupOfCalico('projectcalico.org/v3'))
      return [tellProblem('calicoApi', code, '', message, calicoApiRemedy)];
    return [tellProblem('apiServer', code, '', message, remedyOf(code, 'the API server'))];
  }
  return [tellProblem('apiServer', 'Unexpected', '', describeError(error))];
}

const calicoApiRemedy =
  'See why: kubectl get apiservice v3.projectcalico.org, and the pods of calico-apiserver in calico-apiserver or ' +
  'calico-system.';

/** The catalogue's remedies of what passes by itself speak of a step that is tried again; here none is. */
const remedyOf = (code: FailureCode, who: string): string =>
  failures[code].retry === 'never'
    ? failures[code].remedy
    : `Check that ${who} is reached from here (address, name resolution, proxy, firewall, private endpoint), ` +
      'then ask again.';

/** Nobody can be asked for the cluster's side; where Azure's problems say why, that is enough. */
function withoutKubeconfig(error: AzureError, isToldAlready: boolean): Diagnosis {
  const { code } = classifyAzureError(error);
  const message = tellReasons(error);
  const reason = 'The cluster was not looked at, because Azure gave no kubeconfig, or no token for it';
  const remedy = 'Name a kubeconfig file (--kubeconfig) to look at the cluster all the same.';
  return isToldAlready
    ? tellInfo('apiServer', `${reason}.`, remedy)
    : tellProblem('apiServer', code, '', `${reason}: ${message}`, remedy);
}

/** Parts that fail for one reason say it once. */
const once = (findings: readonly Diagnosis[]): readonly Diagnosis[] => [
  ...new Map(findings.map((each) => [`${each.topic} ${each.level} ${each.reason}`, each])).values(),
];
