/**
 * unreachable: no session within the time limit, or the connection broke before authentication was over. refused: the
 * server turned the key down.
 * hostKeyChanged: another host key than the pinned one; nothing was sent to it. incompatible: the two speak no common
 * kind of host key, key exchange or cipher. lost: the session broke before the exit
 * status came.
 * timeout: the command took longer than it may.
 */
export type SshErrorKind = 'unreachable' | 'refused' | 'hostKeyChanged' | 'incompatible' | 'lost' | 'timeout';

/**
 * The command could not be run to its end. A command that ran and failed is no error but a result with an exit code
 * (W10).
 */
export class SshError extends Error {
  readonly kind: SshErrorKind;
  constructor(kind: SshErrorKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'SshError';
    this.kind = kind;
  }
}
