import { defaultAllowProfile, openCalico } from '../../adapters/kubernetes/calico.ts';
import { findCalicoNode } from '../../adapters/kubernetes/calico-node.ts';
import type { Cluster } from '../../adapters/kubernetes/index.ts';
import type {
  DaemonSet,
  GlobalNetworkPolicy,
  KubeControllersConfiguration,
  Node,
} from '../../adapters/kubernetes/resources.ts';
import { isPolicyNamed, namePolicy } from '../../changes/policy/plan.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Mission } from '../../contract/mission.ts';
import { type CalicoApi, calicoApis } from '../../contract/report.ts';
import type { CalicoSite } from '../../contract/site.ts';
import { isLabelled } from '../../ownership/marks.ts';
import { findForeignMark } from '../foreign-mark.ts';
import {
  isMissing,
  type Look,
  look,
  readIfServed,
  takeFound,
  tellInfo,
  tellOk,
  tellProblem,
  tellWarning,
} from '../look.ts';
import { examineAutoCreate } from './auto-create.ts';
import { examineFelix } from './felix.ts';
import { examineHostEndpoints } from './host-endpoints.ts';
import { examineRollout } from './node.ts';
import { examinePolicies } from './policies.ts';
import { describeVersion, readVersion } from './version.ts';

export interface CalicoFindings {
  readonly findings: readonly Diagnosis[];
  readonly calico?: CalicoSite;
}

type WantedCalico = Pick<Mission, 'policy' | 'workload' | 'label' | 'probe' | 'vm'>;

interface NodesLook {
  readonly seen: Promise<{ readonly all: readonly Node[] }>;
  /** Names of those that the run will label. */
  readonly judged: Promise<readonly string[]>;
}

/**
 * Calico can be asked for host endpoints and the policy: API, configuration, tier and name; and what else the host
 * endpoints will wake.
 */
export async function inspectCalico(
  cluster: Cluster,
  api: CalicoApi | undefined,
  mission: WantedCalico,
  runId: string,
  nodes: NodesLook,
): Promise<CalicoFindings> {
  if (api === undefined) return { findings: [describeMissingApi()] };
  const resources = openCalico(api);
  const readingNode = look(findCalicoNode(cluster));
  const [controllers, felix, tier, policies, hostEndpoints, profile, calicoNode, calico, judged] = await Promise.all([
    look(cluster.find(resources.kubeControllersConfigurations, 'default')),
    inspectFelix(cluster, api, mission, runId, { ...nodes, calicoNode: readingNode }),
    look(cluster.find(resources.tiers, mission.policy.tier)),
    look(cluster.list(resources.globalNetworkPolicies)),
    look(cluster.list(resources.hostEndpoints)),
    inspectProfile(cluster, api),
    readingNode,
    readVersion(cluster, api),
    nodes.judged,
  ]);
  const all = takeFound(policies);
  const endpoints = takeFound(hostEndpoints);
  const findings = [
    describeApi(api),
    ...describeVersion(calico),
    examineRollout(calicoNode),
    ...controllerFindings(controllers, runId),
    ...felix,
    ...tierFindings(tier, mission.policy.tier),
    ...(all === undefined ? [] : [nameFinding(all, mission.policy, calico, runId)]),
    ...(all === undefined
      ? []
      : await examinePolicies({
          ...{ policies: all, controllers: takeFound(controllers), label: mission.label },
          ...{ nodes: (await nodes.seen).all, judged },
        })),
    ...(endpoints === undefined ? [] : examineHostEndpoints(endpoints, all ?? [], judged, mission.label)),
    profile,
  ];
  return { findings, calico };
}

const [served, storage] = calicoApis;

const describeMissingApi = (): Diagnosis =>
  tellProblem(
    'calicoApi',
    'CalicoApiMissing',
    '',
    `The cluster serves neither ${served} nor ${storage}: Calico does not seem to be installed.`,
  );

const describeApi = (api: CalicoApi): Diagnosis =>
  api === served
    ? tellOk('calicoApi', `The cluster serves ${served}.`)
    : tellWarning(
        'calicoApi',
        `Calico follows ${storage} here, its own storage, as AKS installs it: hepflow reads and writes that, ` +
          'and checks ' +
          "its policy itself, because Calico does not. Calico's authors call this API internal (calico#6412).",
        "With Calico's API server (operator.tigera.io APIServer) hepflow would use its API.",
      );

function controllerFindings(
  looked: Look<KubeControllersConfiguration | undefined>,
  runId: string,
): readonly Diagnosis[] {
  const name = 'KubeControllersConfiguration default';
  const controllers = takeFound(looked);
  if (isMissing(looked)) return [tellProblem('autoCreate', 'CalicoConfigMissing', '', `${name} does not exist.`)];
  return controllers === undefined
    ? []
    : [...findForeignMark('autoCreate', controllers, name, runId), ...examineAutoCreate(controllers)];
}

async function inspectFelix(
  cluster: Cluster,
  api: CalicoApi,
  mission: WantedCalico,
  runId: string,
  nodes: NodesLook & { readonly calicoNode: Promise<Look<DaemonSet | undefined>> },
): Promise<readonly Diagnosis[]> {
  const { felixConfigurations } = openCalico(api);
  const name = 'FelixConfiguration default';
  const judged = await nodes.judged;
  const [looked, calicoNode, ...ofNodes] = await Promise.all([
    look(cluster.find(felixConfigurations, 'default')),
    nodes.calicoNode,
    ...judged.map((node) => look(cluster.find(felixConfigurations, `node.${node}`))),
  ]);
  const felix = takeFound(looked);
  if (isMissing(looked)) return [tellProblem('felix', 'CalicoConfigMissing', '', `${name} does not exist.`)];
  return felix === undefined
    ? []
    : [
        ...findForeignMark('felix', felix, name, runId),
        ...examineFelix(felix, ofNodes.map(takeFound), takeFound(calicoNode), mission),
      ];
}

function tierFindings(looked: Look<unknown>, tier: string): readonly Diagnosis[] {
  if (isMissing(looked)) return [tellProblem('tier', 'TierNotFound', 'policy.tier', `Tier ${tier} does not exist.`)];
  return looked === 'unknown' ? [] : [tellOk('tier', `Tier ${tier} exists.`, '', 'policy.tier')];
}

function nameFinding(
  policies: readonly GlobalNetworkPolicy[],
  policy: Mission['policy'],
  calico: CalicoSite,
  runId: string,
): Diagnosis {
  const name = namePolicy(policy, calico);
  const foreign = policies.find(
    (existing) => isPolicyNamed(existing.metadata.name, policy) && !isLabelled(existing, runId),
  );
  return foreign === undefined
    ? tellOk('policyName', `No other GlobalNetworkPolicy is called ${name}.`, '', 'policy.name')
    : tellProblem(
        'policyName',
        'PolicyExists',
        'policy.name',
        `GlobalNetworkPolicy ${name} exists and does not belong to this run.`,
      );
}

/**
 * Calico's API server always has it (libcalico-go/lib/backend/k8s/resources/profile.go), its storage never; Felix knows
 * it since v3.14.
 */
async function inspectProfile(cluster: Cluster, api: CalicoApi): Promise<Diagnosis> {
  const name = `Profile ${defaultAllowProfile}`;
  if (api !== served) return tellOk('profile', `${name} is not kept in ${api}: Felix knows it by itself since v3.14.`);
  const looked = await look(readIfServed(cluster.exists(openCalico(api).profiles, defaultAllowProfile)));
  if (looked === 'unknown')
    return tellInfo(
      'profile',
      `Not readable: the credential may not get ${name}, which automatic host endpoints refer to.`,
    );
  if (looked.found === 'notServed')
    return tellInfo(
      'profile',
      `Not readable: the cluster does not serve profiles; Felix knows ${defaultAllowProfile} by itself since v3.14.`,
    );
  if (looked.found) return tellOk('profile', `${name} is there: a host endpoint by itself cuts nothing.`);
  return tellWarning(
    'profile',
    `${name} does not exist: where Felix does not know it by itself, an automatic host endpoint cuts all ` +
      'traffic of its node, failsafe ports apart (calico#3552).',
    'Check that calico-node and calico-kube-controllers are of one version, at least v3.14.',
  );
}
