import * as z from 'zod';
import type { Arm } from '../arm/arm.ts';
import type { Durations } from '../arm/durations.ts';
import type { Properties, Resource } from '../arm/store.ts';

/** A PUT that has passed every check that does not depend on the type. */
export interface Write<B> {
  readonly arm: Arm;
  /** Full id in canonical form. */
  readonly id: string;
  readonly body: B;
  /** Query of the request. */
  readonly query: Readonly<Record<string, string | undefined>>;
}

/** A right that a write needs on another resource, such as joining a subnet. */
export interface Link {
  readonly action: string;
  readonly id: string;
}

/** Ids that a write keeps to itself while it runs. */
export interface Locks {
  /** While another operation writes these: the provider's usual error. */
  readonly own: readonly string[];
  /** While another operation writes these: ReferencedResourceNotProvisioned. */
  readonly referenced?: readonly string[];
}

/** The behaviour of one resource type. `P`: its stored properties; `B`: the body that a PUT must have. */
export interface ResourceType<P extends Properties = Properties, B = unknown> {
  /** Such as `Microsoft.Network/virtualNetworks/subnets`; its routes and actions follow from it. */
  readonly type: string;
  readonly lasts: {
    readonly create: keyof Durations;
    readonly update?: keyof Durations;
    readonly remove: keyof Durations;
  };
  /** provisioningState while a PUT runs: networks report Updating, machines Creating. */
  readonly whileWriting: 'Updating' | 'Creating';
  locks(id: string, arm: Arm, body: B | undefined): Locks;
  /** What its answers have of their own. `writesAtOnce`: a PUT answers when it is done, without an operation. */
  readonly answers?: { readonly writesAtOnce?: true; readonly removal?: 200 };
  /** Absent: cannot be written by PUT. */
  readonly write?: {
    readonly body: z.ZodType<B>;
    links?(body: B): readonly Link[];
    /** Throws an ArmError, or returns the properties to store at once. Children may be stored too, not yet real. */
    accept(write: Write<B>, existing: Resource<P> | undefined): P;
    /** The work on the data plane, before success is reported. The resource is real already. */
    realise(resource: Resource<P>, arm: Arm): Promise<void>;
    /** What a failed creation leaves behind. */
    failed?(resource: Resource<P>, arm: Arm): void;
  };
  /** Absent: cannot be deleted. */
  readonly removal?: {
    /** Throws an ArmError when the resource cannot be deleted. */
    refuse?(resource: Resource<P>, arm: Arm): void;
    /** The work on the data plane, before the resource and its children are removed. It is no longer real. */
    erase(resource: Resource<P>, arm: Arm): Promise<void>;
  };
  /** Names of the POST actions, `<id>/<name>`, and what they answer. */
  readonly actions?: readonly string[];
  act?(resource: Resource<P>, arm: Arm, action: string): Promise<object>;
  /** Properties as GET shows them. Default: as stored. */
  view?(resource: Resource<P>, arm: Arm, query: Readonly<Record<string, string | undefined>>): object;
}

/** Fields of the envelope of every resource that can be tagged. */
export const envelope = {
  location: z.string().optional(),
  tags: z.record(z.string(), z.string()).optional(),
  zones: z.array(z.string()).optional(),
  sku: z.looseObject({ name: z.string() }).optional(),
};

export const reference = z.looseObject({ id: z.string() });

/**
 * Makes the network follow the store, which is all that most network resources need when they are written or deleted.
 */
export const applyNetwork = (_resource: unknown, arm: Arm): Promise<void> => arm.dataPlane.applyNetwork();
