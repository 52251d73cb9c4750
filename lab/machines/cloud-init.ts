import { isMap, parseDocument } from 'yaml';

/** What the lab's machines carry out of a `#cloud-config` document. */
export interface CloudInit {
  /** From `ssh_keys`; absent: the machine makes a key of its own. */
  readonly hostKey?: { readonly private: string; readonly public: string };
  /** What was not carried out, for the machine's log. */
  readonly notes: readonly string[];
}

const known = new Set(['ssh_keys', 'ssh_deletekeys', 'ssh_genkeytypes']);

/**
 * Reads a VM's custom data as far as the lab's machines follow it: `ssh_keys.ed25519_private` and `ed25519_public`
 * become the host key; `ssh_deletekeys` holds anyway, since a new machine has no other. Like cloud-init, a document
 * that cannot be read is noted, and the machine boots without it.
 */
export function readCloudConfig(text: string): CloudInit {
  if (text.trim() === '') return { notes: [] };
  if (!text.startsWith('#cloud-config')) return { notes: ['custom data does not start with #cloud-config: ignored'] };
  const document = parseDocument(text);
  if (document.errors.length > 0)
    return { notes: document.errors.map(({ message }) => `custom data is not YAML: ${message}`) };
  if (document.contents !== null && !isMap(document.contents))
    return { notes: ['custom data is not a YAML map: ignored'] };
  const config = (document.toJS() ?? {}) as Record<string, unknown>;
  const ignored = Object.keys(config).filter((key) => !known.has(key));
  return { ...readHostKey(config.ssh_keys), notes: ignored.map((key) => `${key}: not carried out by the lab`) };
}

function readHostKey(keys: unknown): Pick<CloudInit, 'hostKey'> {
  if (typeof keys !== 'object' || keys === null) return {};
  const { ed25519_private: privateKey, ed25519_public: publicKey } = keys as Record<string, unknown>;
  if (typeof privateKey !== 'string' || typeof publicKey !== 'string') return {};
  return { hostKey: { private: `${privateKey.trimEnd()}\n`, public: `${publicKey.trim()}\n` } };
}
