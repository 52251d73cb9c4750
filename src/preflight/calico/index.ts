import {
  calicoApiVersion,
  calicoStorageVersion,
  findCalicoApi,
  openCalico,
  readCalicoSchema,
} from '../../adapters/kubernetes/calico.ts';
import type { Cluster } from '../../adapters/kubernetes/index.ts';
import type {
  FelixConfiguration,
  GlobalNetworkPolicy,
  KubeControllersConfiguration,
  Node,
} from '../../adapters/kubernetes/resources.ts';
import { isPolicyNamed, namePolicy } from '../../changes/policy/plan.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Mission } from '../../contract/mission.ts';
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
import { defaultAllowProfile } from '../rights.ts';
import { examineAutoCreate } from './auto-create.ts';
import { examineDataPlane, examineFailsafePorts } from './felix.ts';
import { examinePolicies } from './policies.ts';

export interface CalicoFindings {
  readonly findings: readonly Diagnosis[];
  readonly calico?: CalicoSite;
}

type WantedCalico = Pick<Mission, 'policy' | 'workload' | 'label' | 'probe'>;

interface NodesLook {
  readonly reading: Promise<Look<readonly Node[]>>;
  /** Names of those that the run will label. */
  readonly judged: Promise<readonly string[]>;
}

/**
 * Calico can be asked for host endpoints and the policy: API, configuration, tier and name; and what else the host
 * endpoints will wake.
 */
export async function inspectCalico(
  cluster: Cluster,
  mission: WantedCalico,
  runId: string,
  nodes: NodesLook,
): Promise<CalicoFindings> {
  const api = await findCalicoApi(cluster);
  if (api !== 'served') return { findings: [describeMissingApi(api)] };
  const resources = await openCalico(cluster);
  const [controllers, felix, tier, policies, profile, calico] = await Promise.all([
    look(cluster.find(resources.kubeControllersConfigurations, 'default')),
    look(cluster.find(resources.felixConfigurations, 'default')),
    look(cluster.find(resources.tiers, mission.policy.tier)),
    look(cluster.list(resources.globalNetworkPolicies)),
    look(readIfServed(cluster.exists(resources.profiles, defaultAllowProfile))),
    readVersion(cluster),
  ]);
  const all = takeFound(policies);
  const findings = [
    tellOk('calicoApi', `The cluster serves ${calicoApiVersion}.`),
    ...versionFindings(calico),
    ...controllerFindings(controllers, runId),
    ...felixFindings(felix, mission, runId),
    ...tierFindings(tier, mission.policy.tier),
    ...(all === undefined ? [] : [nameFinding(all, mission.policy, runId)]),
    ...(all === undefined
      ? []
      : await examinePolicies({
          ...{ policies: all, controllers: takeFound(controllers), label: mission.label },
          ...{ nodes: takeFound(await nodes.reading) ?? [], judged: await nodes.judged },
        })),
    profileFinding(profile),
  ];
  return { findings, calico };
}

function describeMissingApi(api: 'storage only' | 'absent'): Diagnosis {
  const says = `The cluster does not serve ${calicoApiVersion}.`;
  const why =
    api === 'storage only'
      ? `It has Calico's own storage only, ${calicoStorageVersion}, which nothing validates.`
      : `Nor does it serve ${calicoStorageVersion}: Calico does not seem to be installed.`;
  return tellProblem('calicoApi', 'CalicoApiMissing', '', `${says} ${why}`);
}

const flowLogs = 'flowLogsEnableHostEndpoint';

async function readVersion(cluster: Cluster): Promise<CalicoSite> {
  const { clusterInformations } = await openCalico(cluster);
  const [information, schema] = await Promise.all([
    look(cluster.find(clusterInformations, 'default')),
    look(readCalicoSchema(cluster)),
  ]);
  const { calicoVersion: open, cnxVersion } = takeFound(information)?.spec ?? {};
  const knows = takeFound(schema)?.includes(`"${flowLogs}"`) ?? false;
  return { flavour: knows || cnxVersion ? 'cloud' : 'oss', version: cnxVersion || open || 'unknown' };
}

function versionFindings({ flavour, version }: CalicoSite): readonly Diagnosis[] {
  const [, major = 0, minor = 0] = (/^v?(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  // Calico Enterprise, which Cloud is, counts its own versions.
  if (flavour === 'oss' && major > 0 && (major < 3 || (major === 3 && minor < 14)))
    return [
      tellWarning(
        'calicoVersion',
        `Calico ${version} is older than v3.14, which brought automatic host endpoints.`,
        'Update Calico.',
      ),
    ];
  if (version === 'unknown')
    return [tellInfo('calicoVersion', 'Calico does not tell its version (ClusterInformation default).')];
  const about = flavour === 'cloud' ? 'Cloud or Enterprise: it knows' : 'open source: it does not know';
  return [tellOk('calicoVersion', `Calico ${version}, ${about} flow logs of host endpoints (${flowLogs}).`)];
}

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

function felixFindings(
  looked: Look<FelixConfiguration | undefined>,
  mission: WantedCalico,
  runId: string,
): readonly Diagnosis[] {
  const name = 'FelixConfiguration default';
  const felix = takeFound(looked);
  if (isMissing(looked)) return [tellProblem('felix', 'CalicoConfigMissing', '', `${name} does not exist.`)];
  return felix === undefined
    ? []
    : [
        ...findForeignMark('felix', felix, name, runId),
        ...examineFailsafePorts(felix, mission),
        ...examineDataPlane(felix),
      ];
}

function tierFindings(looked: Look<unknown>, tier: string): readonly Diagnosis[] {
  if (isMissing(looked)) return [tellProblem('tier', 'TierNotFound', 'policy.tier', `Tier ${tier} does not exist.`)];
  return looked === 'unknown' ? [] : [tellOk('tier', `Tier ${tier} exists.`, '', 'policy.tier')];
}

function nameFinding(policies: readonly GlobalNetworkPolicy[], policy: Mission['policy'], runId: string): Diagnosis {
  const name = namePolicy(policy);
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
 * Calico's API server always has it (libcalico-go/lib/backend/k8s/resources/profile.go); Felix knows it since v3.14.
 */
function profileFinding(looked: Look<boolean | 'notServed'>): Diagnosis {
  const name = `Profile ${defaultAllowProfile}`;
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
