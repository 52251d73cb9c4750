/** Flavours of the lab's Calico: what its releases, and who installs it, make different. */

interface FlavourTraits {
  /** Where its objects are served. */
  readonly api: CalicoApi;
  readonly versions: { readonly calicoVersion: string; readonly cnxVersion?: string; readonly variant: string };
  /**
   * Whether what Calico writes has its labels and annotations in the annotation `projectcalico.org/metadata` only
   * (libcalico-go/lib/backend/k8s/resources/resources.go).
   */
  readonly hidesMetadata: boolean;
  /** Whether kube-controllers writes its status as a subresource; else it writes the whole object (until v3.31). */
  readonly hasStatus: boolean;
}

export interface CalicoApi {
  readonly group: string;
  readonly version: string;
}

const v3: CalicoApi = { group: 'projectcalico.org', version: 'v3' };
/** Calico's storage. */
const v1: CalicoApi = { group: 'crd.projectcalico.org', version: 'v1' };

const openSource = (calicoVersion: string): FlavourTraits['versions'] => ({ calicoVersion, variant: 'Calico' });

/**
 * `oss` prunes `flowLogsEnableHostEndpoint` of FelixConfiguration; `cloud` keeps it. AKS installs Calico without its
 * API
 * server: `aks` is as v3.31 there, `aks-3.32` as v3.32, and `aks-old` as releases that hid no metadata yet.
 */
export const flavours = {
  oss: { api: v3, versions: openSource('v3.32.1'), hidesMetadata: false, hasStatus: true },
  cloud: {
    api: v3,
    versions: { calicoVersion: 'v3.30.4', cnxVersion: 'v3.22.1', variant: 'CalicoEnterprise' },
    ...{ hidesMetadata: false, hasStatus: true },
  },
  aks: { api: v1, versions: openSource('v3.31.7'), hidesMetadata: true, hasStatus: false },
  'aks-3.32': { api: v1, versions: openSource('v3.32.1'), hidesMetadata: true, hasStatus: true },
  'aks-old': { api: v1, versions: openSource('v3.26.4'), hidesMetadata: false, hasStatus: false },
} as const satisfies Readonly<Record<string, FlavourTraits>>;

export type Flavour = keyof typeof flavours;

export const isFlavour = (name: string): name is Flavour => Object.hasOwn(flavours, name);

export const flavourNames = Object.keys(flavours);
