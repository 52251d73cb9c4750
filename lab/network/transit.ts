/** Addresses of the two ends of a cable between routing namespaces. */
export interface LinkAddresses {
  readonly near: string;
  readonly far: string;
}

/**
 * Gives every cable of a lab link-local addresses of its own: a namespace would take a packet from an address that it holds itself for forged.
 * 169.254.64.0 and up, away from the pods' gateway.
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
