import type { KubeConfig } from '@kubernetes/client-node';
import type { Api, KubernetesObject } from '../kubernetes/api.ts';
import type { LabScope } from '../scope.ts';
import { registerCalicoNode } from './calico-node.ts';
import { listCrds, listSeedObjects } from './crds.ts';
import { type CalicoPrograms, type Dataplane, findCalicoPrograms } from './genuine/programs.ts';
import { startGenuineCalico } from './genuine/start.ts';
import type { KubeControllersConfiguration } from './objects.ts';
import { type CalicoLab, startCalico } from './start.ts';
import { type CalicoPace, chooseTiming } from './timing.ts';

/** Calico for a lab: the stand-ins or, where the user has it, genuine Calico. */
export interface CalicoInstallation {
  readonly name: 'Calico stand-in' | 'genuine Calico';
  readonly crds: readonly object[];
  /** Of kube-proxy. */
  readonly proxyMode: Dataplane;
  /** Creates what an installation leaves, and starts the programs. */
  start(place: Place): Promise<CalicoLab>;
}

interface Place {
  readonly api: Api;
  /** Calico's user. */
  readonly kubeConfig: KubeConfig;
  readonly nodes: readonly { readonly name: string; readonly netns: string }[];
  onError(error: unknown): void;
}

/** Throws CalicoProgramsError. */
export async function chooseCalico(scope: LabScope, pace: CalicoPace): Promise<CalicoInstallation> {
  const programs = await findCalicoPrograms();
  return programs === undefined ? describeStandIn(scope, pace) : describeGenuine(scope, programs);
}

function describeStandIn(scope: LabScope, pace: CalicoPace): CalicoInstallation {
  const metrics = {
    kind: scope.calico === 'cloud' ? 'policies' : 'felix',
    directory: scope.directory,
    logs: scope.logs,
  } as const;
  return {
    name: 'Calico stand-in',
    crds: listCrds(scope.calico),
    proxyMode: 'nftables',
    start: async ({ api, ...place }) => {
      await createObjects(api, listSeedObjects(scope.calico), place.nodes.length);
      return startCalico({ ...place, flavour: scope.calico, metrics, timing: chooseTiming(pace, scope.calico) });
    },
  };
}

function describeGenuine(scope: LabScope, programs: CalicoPrograms): CalicoInstallation {
  return {
    name: 'genuine Calico',
    crds: programs.crds,
    proxyMode: programs.dataplane,
    start: async ({ api, ...place }) => {
      await createObjects(api, adaptObjects(listSeedObjects('oss'), programs), place.nodes.length);
      const path = `/apis/${programs.apiVersion}/kubecontrollersconfigurations/default`;
      return startGenuineCalico({
        ...place,
        scope,
        programs,
        isConfigurationReported: async () =>
          (await api.read<KubeControllersConfiguration>(path)).status?.runningConfig !== undefined,
      });
    },
  };
}

async function createObjects(api: Api, objects: readonly KubernetesObject[], nodeCount: number): Promise<void> {
  for (const object of objects) await api.apply(object);
  await registerCalicoNode(api, nodeCount);
}

/** In the API that the programs use, without what it does not serve; only the programs know their version. */
export function adaptObjects(
  objects: readonly KubernetesObject[],
  { apiVersion, crds }: CalicoPrograms,
): KubernetesObject[] {
  const kinds = new Set(
    crds.filter(({ spec }) => apiVersion.startsWith(`${spec.group}/`)).map(({ spec }) => spec.names.kind),
  );
  return objects
    .filter(({ kind }) => kinds.has(kind))
    .map((object) => {
      if (object.kind !== 'ClusterInformation') return { ...object, apiVersion };
      const { calicoVersion: _, variant: __, ...spec } = object['spec'] as Record<string, unknown>;
      return { ...object, apiVersion, spec };
    });
}
