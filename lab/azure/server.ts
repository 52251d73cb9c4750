/**
 * The stand-in Azure.
 *
 * - app.ts       the TLS server and the log of requests
 * - preload.ts   what exists before the first request
 * - arm/         the protocol: requests (http.ts), errors, the store of resources, writes, long-running operations
 * - identity/    tokens (entra.ts) and rights (role.ts)
 * - routes/      what is registered with the server, a file for each family of URLs
 * - resources/   one file for each resource type: body, checks, view; index.ts lists them
 * - network/     the data plane: its interface, the state that it is given, effective rules and routes
 * - faults/      errors on demand: schema, table, named scenarios, and the lab's own API (control.ts)
 *
 * A life of a request: http.ts checks api-version, faults, subscription and rights; a route finds the resource type;
 * writes.ts checks locks and links, stores the resource and starts an operation; the operation calls the data plane
 * and reports Succeeded or Failed at its URL.
 */

import { randomBytes, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Authority } from '../certificates.ts';
import type { LabScope } from '../scope.ts';
import { createApp, logRequests } from './app.ts';
import type { Arm } from './arm/arm.ts';
import { createTiming, type Durations } from './arm/durations.ts';
import { answerErrors } from './arm/http.ts';
import { type LockLevel, Locks } from './arm/locks.ts';
import { Operations } from './arm/operations.ts';
import { Store } from './arm/store.ts';
import { type LoggedRequest, readInventory, registerControlRoutes } from './faults/control.ts';
import { type Faults, FaultTable } from './faults/table.ts';
import { type Credentials, createEntra, type Entra } from './identity/entra.ts';
import { owner, Rights, readRole } from './identity/role.ts';
import type { DataPlane } from './network/data-plane.ts';
import { createDataPlaneQueue } from './network/data-plane-queue.ts';
import { preload } from './preload.ts';
import { managedClusterType } from './resources/managed-clusters.ts';
import { createRegion, type Region } from './resources/sizes.ts';
import { registerDeploymentRoutes } from './routes/deployments.ts';
import { registerEffectiveRoutes } from './routes/effective.ts';
import { registerGroupRoutes } from './routes/groups.ts';
import { registerLockRoutes } from './routes/locks.ts';
import { registerMetadataRoutes } from './routes/metadata.ts';
import { registerOperationRoutes } from './routes/operations.ts';
import { registerReferenceRoutes } from './routes/reference.ts';
import { registerResourceRoutes } from './routes/resources.ts';

export interface AzureOptions {
  readonly scope: LabScope;
  readonly authority: Authority;
  readonly dataPlane: DataPlane;
  /** Text of the kubeconfig that `listClusterUserCredential` hands out. */
  userKubeconfig(): string | Promise<string>;
  /**
   * Path of a role definition (deploy/azure-role.json). Actions that it does not list are refused with 403
   * AuthorizationFailed. Default: everything is allowed.
   */
  readonly roleFile?: string;
  /** Role definitions, each with the id that it is assigned to, in place of one that applies everywhere. */
  readonly assignments?: readonly { readonly scope: string; readonly roleFile: string }[];
  /** Milliseconds per kind of operation; default: by the scope's pace. */
  readonly durations?: Partial<Durations>;
}

export interface AzureLab {
  /** `https://localhost:PORT`, no trailing slash. */
  readonly endpoint: string;
  /** For AZURE_AUTHORITY_HOST; the client must switch instance discovery off (`disableInstanceDiscovery: true`). */
  readonly authorityHost: string;
  readonly credentials: Credentials;
  /** For the header `x-lab-token` of `/lab/...`. */
  readonly controlToken: string;
  readonly faults: Faults;
  /** Every resource, peerings and rules included, ordered, without etags and times: for comparison before and after. */
  inventory(): object;
  /** Every request except those to `/lab`, in order of arrival. */
  requests(): readonly Readonly<LoggedRequest>[];
  /** Every action that the caller's rights were checked for, linked ones included, each once. */
  actionsAsked(): readonly string[];
  /** Ids of everything that was created, children included, in order; an id that was created twice is listed twice. */
  creations(): readonly string[];
  /** While false, every connection breaks before its request is handled. Operations under way continue. */
  setReachable(reachable: boolean): void;
  /** Puts a management lock on a subscription, a group or a resource, by its id; returns what takes it off. */
  lock(scope: string, level: LockLevel, name?: string): () => void;
  /**
   * Changes the managed cluster, for instance to a private one: these properties are added to its own, or replace them.
   */
  changeCluster(properties: object): void;
  /** Changes which VM sizes the region offers, and how many cores of a family the subscription may use. */
  changeRegion(region: Partial<Region>): void;
  stop(): Promise<void>;
}

/** Starts the stand-in Azure on a free port of the loopback. */
export async function startAzure(options: AzureOptions): Promise<AzureLab> {
  const arm = createArm(options);
  const { store } = arm;
  const entra = await createEntra();
  const log: LoggedRequest[] = [];
  const control = {
    token: randomBytes(18).toString('base64url'),
    faults: arm.faults,
    inventory: () => readInventory(store),
    requests: () => log.map((entry) => ({ ...entry })),
  };

  await arm.dataPlane.applyNetwork();
  const app = await createApp(options.authority);
  const door = { open: true };
  app.addHook('onRequest', async (request) => {
    if (!door.open) request.raw.socket.destroy();
  });
  logRequests(app, log);
  answerErrors(app);
  entra.registerRoutes(app);
  registerMetadataRoutes(app);
  registerControlRoutes(app, control);
  app.register((guarded, _options, done) => {
    registerArmRoutes(guarded, arm, entra);
    done();
  });
  await app.listen({ host: 'localhost', port: 0 });
  const origin = `https://localhost:${(app.server.address() as AddressInfo).port}`;
  return {
    endpoint: origin,
    authorityHost: origin,
    credentials: entra.credentials,
    controlToken: control.token,
    faults: control.faults,
    inventory: control.inventory,
    requests: control.requests,
    actionsAsked: () => arm.rights.checkedActions,
    creations: () => [...store.creations],
    setReachable: (reachable) => {
      door.open = reachable;
    },
    lock: (scope, level, name = 'lab-lock') => arm.locks.add(scope, level, name),
    changeCluster: (properties) => {
      for (const resource of store.listByType(managedClusterType))
        resource.properties = { ...resource.properties, ...properties };
    },
    changeRegion: (region) => void Object.assign(arm.region, region),
    async stop() {
      await app.close();
      await arm.operations.close();
    },
  };
}

function createArm(options: AzureOptions): Arm {
  const store = new Store();
  preload(store);
  return {
    store,
    operations: new Operations(),
    faults: new FaultTable(),
    rights: readRights(options),
    locks: new Locks(),
    region: createRegion(),
    timing: createTiming(options.scope.pace, options.durations),
    dataPlane: createDataPlaneQueue(options.dataPlane, store),
    userKubeconfig: () => options.userKubeconfig(),
  };
}

function readRights({ roleFile, assignments }: AzureOptions): Rights {
  if (assignments !== undefined)
    return new Rights(assignments.map((each) => ({ scope: each.scope, role: readRole(each.roleFile) })));
  return new Rights([{ scope: '', role: roleFile === undefined ? owner : readRole(roleFile) }]);
}

function registerArmRoutes(app: FastifyInstance, arm: Arm, entra: Entra): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-ms-request-id', randomUUID()).header('x-ms-correlation-request-id', randomUUID());
    await entra.authenticate(request.headers.authorization);
  });
  registerResourceRoutes(app, arm);
  registerEffectiveRoutes(app, arm);
  registerGroupRoutes(app, arm);
  registerOperationRoutes(app, arm);
  registerDeploymentRoutes(app, arm);
  registerReferenceRoutes(app, arm);
  registerLockRoutes(app, arm);
}
