/** Which labels of a node a run may change. */

const dnsLabel = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
const subdomain = new RegExp(`^${dnsLabel}(\\.${dnsLabel})*$`);
const qualified = /^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;

/** RFC 1123 */
export const isSubdomain = (value: string): boolean => value.length <= 253 && subdomain.test(value);

export function isLabelKey(key: string): boolean {
  const parts = key.split('/');
  const [prefix, name] = parts.length === 1 ? [undefined, parts[0]] : parts;
  return parts.length <= 2 && qualified.test(name ?? '') && (prefix === undefined || isSubdomain(prefix));
}

/**
 * The run overwrites the label for a while: keys that Kubernetes and Azure steer by would move pods or break routing.
 */
export const isReservedLabelKey = (key: string): boolean =>
  /^(agentpool|type|storageprofile|storagetier)$/.test(key) ||
  /(^|\.)(kubernetes\.io|k8s\.io|azure\.com|projectcalico\.org|istio\.io|cilium\.io|hepflow\.io)\//.test(key);

/** A key that a run spec may name. */
export const isFreeLabelKey = (key: string): boolean => isLabelKey(key) && !isReservedLabelKey(key);

export const isLabelValue = (value: string): boolean => value === '' || qualified.test(value);
