/** A real etcd and kube-apiserver with the CRDs of the Calico stand-in and what an installation leaves. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Flavour, listCrds, listSeedObjects } from '../../../lab/calico/crds.ts';
import { createAuthority } from '../../../lab/certificates.ts';
import type { Api, KubernetesObject } from '../../../lab/kubernetes/api.ts';
import { type ControlPlane, startControlPlane } from '../../../lab/kubernetes/control-plane.ts';
import { closeScope, openScope } from '../../../lab/leftovers.ts';
import type { LabScope } from '../../../lab/scope.ts';
import { providePrograms } from '../../../lab/tools/programs.ts';

export interface TestCalico {
  readonly scope: LabScope;
  readonly controlPlane: ControlPlane;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

export async function openCalico(flavour: Flavour = 'oss'): Promise<TestCalico> {
  const scope = await openScope({ pace: 'fast', calico: flavour });
  const undo = [() => closeScope(scope)];
  const remove = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const tools = await providePrograms(['etcd', 'kube-apiserver']);
    const authority = await createAuthority(join(scope.directory, 'ca'));
    const controlPlane = await startControlPlane({ scope, authority, programs: tools, crds: listCrds(flavour) });
    undo.push(() => controlPlane.stop());
    for (const object of listSeedObjects(flavour)) await apply(controlPlane.api, object);
    return { scope, controlPlane, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Creates or merges. A new kind answers before the server's discovery document lists it, which `api.apply` needs. */
export const apply = (api: Api, object: KubernetesObject): Promise<boolean> =>
  eventually(
    () =>
      api.apply(object).then(
        () => true,
        (error: unknown) =>
          error instanceof Error && error.message.endsWith('is not served') ? false : Promise.reject(error),
      ),
    (done) => done,
  );

export const calicoPath = (plural: string, name = ''): string =>
  `/apis/projectcalico.org/v3/${plural}${name && `/${name}`}`;

export const calicoObject = (
  kind: string,
  name: string,
  spec: object,
  labels: Record<string, string> = {},
): KubernetesObject => ({
  apiVersion: 'projectcalico.org/v3',
  kind,
  metadata: { name, labels },
  spec,
});

/** Looks until what it finds satisfies; fails with what was seen last. */
export async function eventually<T>(
  look: () => Promise<T>,
  satisfies: (seen: T) => boolean,
  boundMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + boundMs;
  for (;;) {
    const seen = await look();
    if (satisfies(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`not within ${boundMs} ms; seen last: ${JSON.stringify(seen)}`);
    await sleep(20);
  }
}
