import { AzureError, parseId } from '../../adapters/azure/index.ts';
import type { Diagnosis, Topic } from '../../contract/diagnosis.ts';
import type { Tools } from '../../step/context.ts';
import { tellProblem } from '../look.ts';

/** All that looking at Azure needs. */
export type Reader = Pick<Tools, 'azure'>;

export type Answer<T> =
  | { readonly refusal?: undefined; readonly value: T }
  | { readonly refusal: Diagnosis; readonly value?: undefined };

/**
 * A refusal for lack of rights, an API that is not served and a subscription that is not known are problems to list
 * beside the others; everything
 * else that goes wrong is thrown.
 */
export async function askIfAllowed<T>(ask: () => Promise<T>, topic: Topic, field = ''): Promise<Answer<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (error instanceof AzureError && error.status === 403)
      return { refusal: tellProblem(topic, 'MissingRights', field, error.message) };
    if (error instanceof AzureError && /^(NoRegisteredProviderFound|InvalidResourceType)$/.test(error.code))
      return { refusal: tellProblem(topic, 'ApiNotServed', field, error.message) };
    if (error instanceof AzureError && error.code === 'SubscriptionNotFound') return { refusal: unknownSubscription };
    throw error;
  }
}

const unknownSubscription = tellProblem(
  'groups',
  'SubscriptionNotFound',
  'subscriptionId',
  'The subscription does not exist, or the credential may not see it.',
);

/** A resource that is not there gives no rights; its absence is told elsewhere. */
export function takeNone(error: unknown): [] {
  if (error instanceof AzureError && error.isAbsence) return [];
  throw error;
}

/** `virtualNetworks aks-vnet in group`, or `resource group group`. */
export function describeScope(id: string): string {
  const { resourceGroup, types, names } = parseId(id);
  return names.length === 0 ? `resource group ${resourceGroup}` : `${types.at(-1)} ${names.at(-1)} in ${resourceGroup}`;
}
