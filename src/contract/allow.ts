/**
 * The places that a worker may touch, whatever the rights of its identity: lists of patterns, where `*` stands for any
 * characters but `/` and `:`. A list that is absent allows everything.
 */
export const allowLists = {
  /** Ids. */
  subscriptions: 'subscription',
  /** Names: of clusters, of their VNets, of VMs. */
  resourceGroups: 'resource group',
  /** ARM ids. */
  clusters: 'cluster',
  /** Namespaces whose deployment a run exposes. */
  workloadNamespaces: 'namespace of a workload',
  /** `publisher:offer:sku:version`. */
  images: 'VM image',
  /** CIDRs that contain what a run spec names; `*`: any. */
  sshSources: 'source of SSH',
} as const;

export type AllowList = keyof typeof allowLists;

export interface Allow {
  /** Where the lists stand. */
  readonly file: string;
  readonly lists: Readonly<Partial<Record<AllowList, readonly string[]>>>;
}
