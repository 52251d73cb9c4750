import { openCalico, readCalicoSchema } from '../../adapters/kubernetes/calico.ts';
import type { Cluster } from '../../adapters/kubernetes/index.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { CalicoApi } from '../../contract/report.ts';
import type { CalicoSite } from '../../contract/site.ts';
import { look, takeFound, tellInfo, tellOk, tellWarning } from '../look.ts';

const flowLogs = 'flowLogsEnableHostEndpoint';

export async function readVersion(cluster: Cluster, api: CalicoApi): Promise<CalicoSite> {
  const [information, schema] = await Promise.all([
    look(cluster.find(openCalico(api).clusterInformations, 'default')),
    look(readCalicoSchema(cluster, api)),
  ]);
  const { calicoVersion: open, cnxVersion } = takeFound(information)?.spec ?? {};
  const knows = takeFound(schema)?.includes(`"${flowLogs}"`) ?? false;
  return { flavour: knows || cnxVersion ? 'cloud' : 'oss', version: cnxVersion || open || 'unknown', api };
}

export function describeVersion({ flavour, version }: CalicoSite): readonly Diagnosis[] {
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
