import type { SshError, SshErrorKind } from '../../adapters/ssh/index.ts';
import { type FailureCode, HepflowError } from '../../contract/failures.ts';

/** A session that breaks or hangs while the prober runs leaves no evidence, only a reason to try again. */
const codes: Readonly<Record<SshErrorKind, FailureCode>> = {
  unreachable: 'SshUnreachable',
  refused: 'SshRefused',
  hostKeyChanged: 'SshHostKeyChanged',
  incompatible: 'SshIncompatible',
  lost: 'ProberFailed',
  timeout: 'ProberFailed',
};

export const classifySshError = (error: SshError): HepflowError =>
  new HepflowError(codes[error.kind], error.message, { cause: error });
