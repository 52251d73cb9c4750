import type { Resource } from '../arm/store.ts';
import { isTracked } from '../resources/index.ts';

export const groupType = 'Microsoft.Resources/resourceGroups';
export const subscriptionType = 'Microsoft.Resources/subscriptions';

/** What a resource group holds: neither subscriptions and groups themselves, nor children of other resources. */
export const isGroupedResource = ({ type }: Resource): boolean =>
  isTracked(type) && type !== groupType && type !== subscriptionType;
