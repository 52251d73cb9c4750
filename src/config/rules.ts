/**
 * Rules for single values of a run spec: each a zod schema whose messages say the rule, and in `params.remedy` the way
 * out where the general one is not enough.
 */
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { isLabelKey, isLabelValue, isReservedLabelKey, isSubdomain } from '../contract/label.ts';

type Check = (value: string) => boolean;

/** A string with a rule. */
const text = (rule: string, holds: Check, remedy?: string) =>
  z.string(rule).refine(holds, { error: rule, params: { remedy } });

export const createWholeRule = (rule: string, min: number, max: number) =>
  z.unknown().transform((value, context) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    context.issues.push({ code: 'custom', message: rule, input: value });
    return z.NEVER;
  });

export const port = createWholeRule('must be a whole number from 1 to 65535', 1, 65_535);
const day = 24 * 60 * 60 * 1000;
export const createDurationRule = (min = 1, max = 7 * day) =>
  createWholeRule(`must be whole milliseconds from ${min} to ${max}`, min, max);

export const guid = text(
  'must be a GUID such as 00000000-0000-4000-8000-000000000001',
  (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value),
  'Look it up: az account show --query id.',
);

/** Azure: Microsoft.Resources/resourceGroups. */
export const resourceGroupName = text(
  'must be a resource group name: 1 to 90 letters, digits, _ - . ( ), not ending in a dot',
  (value) => /^[-\w.()]{0,89}[-\w()]$/.test(value),
  'Look it up: az group list -o table.',
);

/** Azure: Microsoft.ContainerService/managedClusters. */
export const clusterName = text(
  'must be a cluster name: 1 to 63 letters, digits, - and _, beginning and ending with a letter or digit',
  (value) => /^[a-zA-Z0-9]([-\w]{0,61}[a-zA-Z0-9])?$/.test(value),
  'Look it up: az aks list -o table.',
);

const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
export const dnsLabel = text(
  'must be a DNS label: at most 63 lower-case letters, digits and -, beginning and ending with a letter or digit',
  (value) => new RegExp(`^${label}$`).test(value),
);
export const dnsName = text(
  'must be a DNS name: at most 253 lower-case letters, digits, - and dots, its parts beginning and ending with ' +
    'a letter or digit',
  isSubdomain,
);
/** Kubernetes demands of a Service that its name begins with a letter (RFC 1035). */
export const serviceName = text(
  'must be a service name: at most 63 lower-case letters, digits and -, beginning with a letter, ending with a ' +
    'letter or digit',
  (value) => /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value),
);

export const labelKey = text(
  'must be a label key: an optional DNS prefix with a slash, then at most 63 letters, digits, - _ and dots',
  isLabelKey,
).refine((key) => !isReservedLabelKey(key), {
  error: 'must not be a label that Kubernetes, Azure, Istio, Cilium, Calico or hepflow steers by',
  params: { remedy: 'Use a key of your own, such as host-end-point.' },
});
export const labelValue = text(
  'must be a label value: at most 63 letters, digits, - _ and dots, beginning and ending with a letter or digit',
  isLabelValue,
);

/** Network and prefix length of a canonical IPv4 CIDR: no host bits, no leading zeros. */
export function parseCidr(value: string): [ipaddr.IPv4, number] | undefined {
  if (!/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(value) || !ipaddr.IPv4.isValidCIDR(value)) return undefined;
  const [address, bits] = ipaddr.IPv4.parseCIDR(value);
  const network = ipaddr.IPv4.networkAddressFromCIDR(value);
  return `${network}/${bits}` === value && address.toString() === network.toString() ? [address, bits] : undefined;
}
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];
/** Whether `inner` lies wholly within `outer`; false when either is no canonical CIDR. */
export function isWithin(inner: string, outer: string): boolean {
  const [inside, outside] = [parseCidr(inner), parseCidr(outer)];
  return (
    inside !== undefined && outside !== undefined && inside[1] >= outside[1] && inside[0].match(outside[0], outside[1])
  );
}
const canonical = 'must be an IPv4 CIDR in canonical form, such as 192.168.0.0/16';
const cidr = text(
  canonical,
  (value) => parseCidr(value) !== undefined,
  'The bits after the prefix must be zero: write the network, not a host in it.',
);
/** Azure: VNets and subnets have at least 8 addresses. */
export const privateCidr = cidr.refine(
  (value) =>
    parseCidr(value) === undefined ||
    (privateRanges.some((range) => isWithin(value, range)) && Number(value.split('/')[1]) <= 29),
  {
    error: `must lie within ${privateRanges.join(', ')} and be a /29 or larger`,
    params: { remedy: "Choose a private range that neither the cluster's VNet nor its peers use." },
  },
);
export const sshSource = text(
  "must be an IPv4 CIDR in canonical form, or '*'",
  (value) => value === '*' || parseCidr(value) !== undefined,
  'For a single address append /32.',
);

/** Azure refuses these as admin user names. */
const reservedUsers =
  `admin administrator root user user1 user2 user3 user4 user5 test test1 test2 test3 admin1 admin2 adm guest owner
  server sql support sys backup console a actuser aspnet david john`.split(/\s+/);
export const adminUser = text(
  'must be a Linux user name that Azure accepts: at most 32 lower-case letters, digits, - and _, beginning ' +
    'with a letter or _; not root, admin, test or the like',
  (value) => /^[a-z_][-a-z0-9_]{0,31}$/.test(value) && !reservedUsers.includes(value),
);
export const vmSize = text(
  'must be a VM size such as Standard_B2ts_v2',
  (value) => /^(Standard|Basic)_\w{1,80}$/.test(value),
  'Look it up: az vm list-skus -l REGION -o table.',
);
export const imageField = text(
  'must be a string of 1 to 128 characters that is not blank',
  (value) => value.length <= 128 && value.trim() !== '',
  'Look it up: az vm image list -o table.',
);

/** A list of strings of one rule; one that is too long is refused before its entries are looked at. */
export const createListRule = (
  entry: z.ZodType<string, string>,
  { what, few, max }: { readonly what: string; readonly few: string; readonly max: number },
) =>
  z
    .custom<string[]>(Array.isArray, { error: `must be a list of ${what}`, abort: true })
    .refine((list) => list.length >= 1, { error: few, abort: true })
    .refine((list) => list.length <= max, { error: `must name at most ${max} ${what}`, abort: true })
    .pipe(z.array(entry));

const tagName =
  'must be a tag name that Azure accepts: at most 512 characters, none of < > % & \\ ? /, and no hepflow- first';
const mostTags = 15;

/** Azure takes 50 tags on a resource; whose names differ by more than their case. */
export const tags = z
  .custom<Record<string, string>>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), {
    error: 'must be a mapping of tag names to values',
    abort: true,
  })
  .superRefine((all, context) => {
    const names = Object.keys(all);
    const report = (message: string, input: unknown, path: string[] = []): void =>
      context.addIssue({ code: 'custom', message, input, path });
    if (names.length > mostTags) report(`must have at most ${mostTags} tags`, names.length);
    for (const [n, name] of names.slice(0, mostTags).entries()) {
      const isTwice = names.slice(0, n).some((other) => other.toLowerCase() === name.toLowerCase());
      if (!/^[^<>%&\\?/\p{Cc}]{1,512}$/u.test(name) || /^hepflow-/i.test(name)) report(tagName, name, [name]);
      else if (isTwice) report('must differ from other tag names by more than case', name, [name]);
      const value: unknown = all[name];
      if (typeof value !== 'string' || value.length > 256 || /\p{Cc}/u.test(value))
        report('must be a tag value: text of at most 256 characters', value, [name]);
    }
  });
