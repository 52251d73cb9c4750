import type { KubernetesError } from '../../adapters/kubernetes/index.ts';
import { type FailureCode, HepflowError } from '../../contract/failures.ts';

interface Row {
  readonly code: FailureCode;
  /** Absent: any. */
  readonly status?: number;
  readonly reason?: string;
  /** Group of the resource that the error is about. */
  readonly group?: string;
  /** Field that the API server names as the cause. */
  readonly field?: string;
  /** Only where status and reason do not tell the cases apart: the API server's wording. */
  readonly text?: RegExp;
}

/** Read from top to bottom; the first row that fits decides. */
const rows: readonly Row[] = [
  { reason: 'ConnectionFailed', code: 'KubernetesUnavailable' },
  { reason: 'Unauthorized', code: 'KubeconfigUnusable' },
  // Admission answers 403 (webhooks, quotas) or 422 (ValidatingAdmissionPolicy), as authorization and validation do.
  {
    status: 403,
    text: /denied the request|denied request|exceeded quota|is forbidden: .*quota/,
    code: 'DeniedByPolicy',
  },
  { status: 422, text: /denied request/, code: 'DeniedByPolicy' },
  { status: 403, code: 'Forbidden' },
  { status: 422, field: 'spec.ports[0].nodePort', text: /not in the valid range/, code: 'NodePortOutOfRange' },
  { status: 422, field: 'spec.ports[0].nodePort', code: 'NodePortTaken' },
  { reason: 'NotServed', group: 'projectcalico.org', code: 'CalicoApiMissing' },
  { reason: 'NotServed', group: 'crd.projectcalico.org', code: 'CalicoApiMissing' },
  { status: 404, code: 'NotFound' },
  // The object changed between reading and writing: the next try reads it again and decides anew.
  { status: 409, code: 'KubernetesBusy' },
  { status: 410, code: 'KubernetesBusy' },
  { status: 429, code: 'KubernetesBusy' },
];

/** The failure of the catalogue that an error of the API server is; its message is the API server's own. */
export function classifyKubernetesError(error: KubernetesError): HepflowError {
  const code =
    rows.find((row) => fits(row, error))?.code ?? (error.status >= 500 ? 'KubernetesUnavailable' : 'KubernetesRefused');
  return new HepflowError(code, error.message, {
    cause: error,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });
}

function fits(row: Row, { status, reason, details, message }: KubernetesError): boolean {
  return (
    (row.status === undefined || row.status === status) &&
    (row.reason === undefined || row.reason === reason) &&
    (row.group === undefined || row.group === details.group) &&
    (row.field === undefined || (details.causes ?? []).some(({ field }) => field === row.field)) &&
    (row.text === undefined || row.text.test(message))
  );
}
