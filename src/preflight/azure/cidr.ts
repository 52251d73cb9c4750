import ipaddr from 'ipaddr.js';

/** Whether two CIDRs share an address; different families never do. Throws on what is no CIDR. */
export function overlaps(one: string, other: string): boolean {
  const [a, aBits] = ipaddr.parseCIDR(one);
  const [b, bBits] = ipaddr.parseCIDR(other);
  const bits = Math.min(aBits, bBits);
  if (a instanceof ipaddr.IPv4 && b instanceof ipaddr.IPv4) return a.match(b, bits);
  return a instanceof ipaddr.IPv6 && b instanceof ipaddr.IPv6 && a.match(b, bits);
}
