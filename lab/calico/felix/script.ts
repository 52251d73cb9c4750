/** The table that holds all that the stand-in programs; Calico's own tables have other names. */
export const table = 'calico-standin';

/**
 * Bits of the packet mark, of the range that Calico takes by default (0xffff0000). `accept`: a policy allowed the
 * packet; `pass`: a rule passed it to the next tier.
 */
const accept = 0x10000;
const pass = 0x20000;
export const mark = {
  accept: `meta mark set meta mark or ${accept}`,
  pass: `meta mark set meta mark or ${pass}`,
  isAccepted: `meta mark and ${accept} == ${accept}`,
  notAccepted: `meta mark and ${accept} == 0`,
  notPassed: `meta mark and ${pass} == 0`,
  clearAccept: `meta mark set meta mark and ${complement(accept)}`,
  clearPass: `meta mark set meta mark and ${complement(pass)}`,
  clear: `meta mark set meta mark and ${complement(accept | pass)}`,
} as const;

function complement(bits: number): number {
  return ~bits >>> 0;
}

/**
 * Collects chains and counters, and writes them as one nftables script that replaces the whole table in one
 * transaction.
 */
export class Script {
  readonly #chains = new Map<string, readonly string[]>();
  readonly #counters = new Set<string>();
  readonly #sources = new Set<string>();
  readonly #remarks: string[] = [];

  /** Adds a comment, such as why a policy is left out. */
  remark(text: string): void {
    this.#remarks.push(text.replaceAll('\n', ' '));
  }

  /** Adds a chain and returns its name; an existing chain of that name stays. */
  chain(name: string, rules: () => readonly string[]): string {
    if (!this.#chains.has(name)) {
      // Holds the place: called chains come after their callers, which nftables allows within a table.
      this.#chains.set(name, []);
      this.#chains.set(name, rules());
    }
    return name;
  }

  /** A chain that the kernel calls. */
  hook(name: string, hook: string, priority: string, rules: readonly string[]): void {
    this.#chains.set(name, [`type filter hook ${hook} priority ${priority}; policy accept;`, ...rules]);
  }

  /** Statement that counts under this name. */
  count(name: string): string {
    this.#counters.add(name);
    return `counter name "${name}"`;
  }

  /**
   * Statement that counts by source address under this name, which is an identifier of nftables: letters, digits, `/`,
   * `-`, `_`, `.`.
   */
  countSources(name: string): string {
    this.#sources.add(name);
    return `update @${name} { ip saddr }`;
  }

  text(): string {
    const counters = [...this.#counters].toSorted().map((name) => `  counter ${name} {\n  }`);
    const sources = [...this.#sources]
      .toSorted()
      .map((name) => `  set ${name} {\n    type ipv4_addr; size 65536; flags dynamic; counter;\n  }`);
    const chains = [...this.#chains].map(
      ([name, rules]) => `  chain ${name} {\n${rules.map((rule) => `    ${rule}\n`).join('')}  }`,
    );
    const remarks = this.#remarks.map((remark) => `# ${remark}`);
    return [
      ...remarks,
      `add table ip ${table}`,
      `delete table ip ${table}`,
      `table ip ${table} {`,
      ...counters,
      ...sources,
      ...chains,
      '}',
      '',
    ].join('\n');
  }
}
