/** Addresses of the two ends of a link between routing namespaces. */
export interface LinkAddresses {
  readonly near: string;
  readonly far: string;
}

/**
 * Allocates link-local addresses, different for every link of a lab: a namespace would treat a packet from one of its
 * own addresses as forged. They start at 169.254.64.0, away from the pods' gateway.
 */
export function createLinkAllocator(): () => LinkAddresses {
  let given = 0;
  return () => {
    const [high, low] = [64 + Math.floor(given / 128), (given % 128) * 2];
    if (high > 254) throw new Error(`No link-local addresses are left after ${given} links.`);
    given += 1;
    return { near: `169.254.${high}.${low}`, far: `169.254.${high}.${low + 1}` };
  };
}
