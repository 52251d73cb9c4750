/** Where connections come from, and what others say of the way: nothing of a cloud in it. */

/** As the scenario names it. */
export type VantageId = string;

/** How to log in to a vantage, with the key that is derived for the run. */
export interface SessionRef {
  readonly address: string;
  readonly adminUser: string;
}

/** A place to dial from, once it stands. */
export interface Vantage {
  readonly id: VantageId;
  /** The addresses that nodes see. */
  readonly sourceAddresses: readonly string[];
  readonly session: SessionRef;
}

/**
 * What a source other than the prober says about the window of a proof. Of the `way` from the vantage to a target: whether it lets
 * packets through. Of the `policy` on a node: whether it denied packets.
 */
export interface Witness {
  /** Such as `securityRules`; all witnesses of one source have the same. */
  readonly by: string;
  /** The source, for people: "Azure's effective security rules". */
  readonly title: string;
  readonly of: (typeof witnessScopes)[number];
  /** A target id, or a node's name; null: about all of them. */
  readonly about: string | null;
  readonly says: (typeof testimonies)[number];
  /** A clause that begins with a small letter and has no full stop. Of `missing`: the reason. */
  readonly because: string;
  /** Of one that counts: packets that were counted within the window. */
  readonly packets?: number;
}

export const witnessScopes = ['way', 'policy'] as const;
export const testimonies = ['allows', 'blocks', 'missing'] as const;
