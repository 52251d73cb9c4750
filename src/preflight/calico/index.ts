import type { Cluster } from '../../adapters/kubernetes/index.ts';
import {
  calicoGroup,
  calicoVersion,
  clusterInformations,
  type FelixConfiguration,
  felixConfigurations,
  type GlobalNetworkPolicy,
  globalNetworkPolicies,
  type KubeControllersConfiguration,
  kubeControllersConfigurations,
  type Node,
  profiles,
  tiers,
} from '../../adapters/kubernetes/resources.ts';
import { isPolicyNamed } from '../../changes/kubernetes-bodies.ts';
import { defaultAllowProfile } from '../../changes/kubernetes-rights.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Mission } from '../../contract/mission.ts';
import type { CalicoSite } from '../../contract/site.ts';
import { isOf } from '../../ownership/field-mark.ts';
import { policyName } from '../../ownership/names.ts';
import { foreignMark } from '../foreign-mark.ts';
import { foundIn, ifServed, info, isMissing, type Look, look, ok, problem, warning } from '../look.ts';
import { autoCreateFindings } from './auto-create.ts';
import { dataPlaneFindings, failsafeFindings } from './felix.ts';
import { policyFindings } from './policies.ts';

export interface CalicoFindings {
  readonly findings: readonly Diagnosis[];
  readonly calico?: CalicoSite;
}

type Wanted = Pick<Mission, 'policy' | 'workload' | 'label' | 'probe'>;

interface Nodes {
  readonly reading: Promise<Look<readonly Node[]>>;
  /** Names of those that the run will label. */
  readonly judged: Promise<readonly string[]>;
}

/** Calico can be asked for host endpoints and the policy: API, configuration, tier and name; and what else the host endpoints will wake. */
export async function inspectCalico(
  cluster: Cluster,
  mission: Wanted,
  runId: string,
  nodes: Nodes,
): Promise<CalicoFindings> {
  if (!(await cluster.serves(calicoGroup, calicoVersion))) return { findings: [await missingApi(cluster)] };
  const [controllers, felix, tier, policies, profile, calico] = await Promise.all([
    look(cluster.find(kubeControllersConfigurations, 'default')),
    look(cluster.find(felixConfigurations, 'default')),
    look(cluster.find(tiers, mission.policy.tier)),
    look(cluster.list(globalNetworkPolicies)),
    look(ifServed(cluster.exists(profiles, defaultAllowProfile))),
    versionOf(cluster),
  ]);
  const all = foundIn(policies);
  const findings = [
    ok('calicoApi', `The cluster serves ${calicoGroup}/${calicoVersion}.`),
    ...versionFindings(calico),
    ...controllerFindings(controllers, runId),
    ...felixFindings(felix, mission, runId),
    ...tierFindings(tier, mission.policy.tier),
    ...(all === undefined ? [] : [nameFinding(all, mission.policy, runId)]),
    ...(all === undefined
      ? []
      : policyFindings({
          ...{ policies: all, controllers: foundIn(controllers), label: mission.label },
          ...{ nodes: foundIn(await nodes.reading) ?? [], judged: await nodes.judged },
        })),
    profileFinding(profile),
  ];
  return { findings, calico: siteOf(calico, foundIn(controllers), foundIn(felix)) };
}

async function missingApi(cluster: Cluster): Promise<Diagnosis> {
  const says = `The cluster does not serve ${calicoGroup}/${calicoVersion}.`;
  if (await cluster.serves('crd.projectcalico.org', 'v1'))
    return problem(
      'calicoApi',
      'CalicoApiMissing',
      '',
      `${says} It has Calico's own storage only, crd.projectcalico.org/v1, which nothing validates.`,
    );
  return problem(
    'calicoApi',
    'CalicoApiMissing',
    '',
    `${says} Nor does it serve crd.projectcalico.org/v1: Calico does not seem to be installed.`,
  );
}

const flowLogs = 'flowLogsEnableHostEndpoint';

async function versionOf(cluster: Cluster): Promise<Pick<CalicoSite, 'flavour' | 'version'>> {
  const [information, schema] = await Promise.all([
    look(cluster.find(clusterInformations, 'default')),
    look(cluster.openApi(calicoGroup, calicoVersion)),
  ]);
  const { calicoVersion: open, cnxVersion } = foundIn(information)?.spec ?? {};
  const knows = foundIn(schema)?.includes(`"${flowLogs}"`) ?? false;
  return { flavour: knows || cnxVersion ? 'cloud' : 'oss', version: cnxVersion || open || 'unknown' };
}

function versionFindings({ flavour, version }: Pick<CalicoSite, 'flavour' | 'version'>): readonly Diagnosis[] {
  const [, major = 0, minor = 0] = (/^v?(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  // Calico Enterprise, which Cloud is, counts its own versions.
  if (flavour === 'oss' && major > 0 && (major < 3 || (major === 3 && minor < 14)))
    return [
      warning(
        'calicoVersion',
        `Calico ${version} is older than v3.14, which brought automatic host endpoints.`,
        'Update Calico.',
      ),
    ];
  if (version === 'unknown')
    return [info('calicoVersion', 'Calico does not tell its version (ClusterInformation default).')];
  const about = flavour === 'cloud' ? 'Cloud or Enterprise: it knows' : 'open source: it does not know';
  return [ok('calicoVersion', `Calico ${version}, ${about} flow logs of host endpoints (${flowLogs}).`)];
}

function controllerFindings(
  looked: Look<KubeControllersConfiguration | undefined>,
  runId: string,
): readonly Diagnosis[] {
  const name = 'KubeControllersConfiguration default';
  const controllers = foundIn(looked);
  if (isMissing(looked)) return [problem('autoCreate', 'CalicoConfigMissing', '', `${name} does not exist.`)];
  return controllers === undefined
    ? []
    : [...foreignMark('autoCreate', controllers, name, runId), ...autoCreateFindings(controllers)];
}

function felixFindings(
  looked: Look<FelixConfiguration | undefined>,
  mission: Wanted,
  runId: string,
): readonly Diagnosis[] {
  const name = 'FelixConfiguration default';
  const felix = foundIn(looked);
  if (isMissing(looked)) return [problem('felix', 'CalicoConfigMissing', '', `${name} does not exist.`)];
  return felix === undefined
    ? []
    : [...foreignMark('felix', felix, name, runId), ...failsafeFindings(felix, mission), ...dataPlaneFindings(felix)];
}

function tierFindings(looked: Look<unknown>, tier: string): readonly Diagnosis[] {
  if (isMissing(looked)) return [problem('tier', 'TierNotFound', 'policy.tier', `Tier ${tier} does not exist.`)];
  return looked === 'unknown' ? [] : [ok('tier', `Tier ${tier} exists.`, '', 'policy.tier')];
}

function nameFinding(policies: readonly GlobalNetworkPolicy[], policy: Mission['policy'], runId: string): Diagnosis {
  const name = policyName(policy);
  const foreign = policies.find((existing) => isPolicyNamed(existing.metadata.name, policy) && !isOf(existing, runId));
  return foreign === undefined
    ? ok('policyName', `No other GlobalNetworkPolicy is called ${name}.`, '', 'policy.name')
    : problem(
        'policyName',
        'PolicyExists',
        'policy.name',
        `GlobalNetworkPolicy ${name} exists and does not belong to this run.`,
      );
}

/** Calico's API server always has it (libcalico-go/lib/backend/k8s/resources/profile.go); Felix knows it since v3.14. */
function profileFinding(looked: Look<boolean | 'notServed'>): Diagnosis {
  const name = `Profile ${defaultAllowProfile}`;
  if (looked === 'unknown')
    return info(
      'profile',
      `Not readable: the credential may not get ${name}, which automatic host endpoints refer to.`,
    );
  if (looked.found === 'notServed')
    return info(
      'profile',
      `Not readable: the cluster does not serve profiles; Felix knows ${defaultAllowProfile} by itself since v3.14.`,
    );
  if (looked.found) return ok('profile', `${name} is there: a host endpoint by itself cuts nothing.`);
  return warning(
    'profile',
    `${name} does not exist: where Felix does not know it by itself, an automatic host endpoint cuts all traffic of its node, failsafe ports apart (calico#3552).`,
    'Check that calico-node and calico-kube-controllers are of one version, at least v3.14.',
  );
}

const siteOf = (
  calico: Pick<CalicoSite, 'flavour' | 'version'>,
  controllers: KubeControllersConfiguration | undefined,
  felix: FelixConfiguration | undefined,
): CalicoSite => ({
  ...calico,
  priorAutoCreate: controllers?.spec?.controllers?.node?.hostEndpoint?.autoCreate ?? null,
  priorFlowLogs: felix?.spec?.flowLogsEnableHostEndpoint ?? null,
});
