import type { TokenCredential } from '@azure/identity';
import type { ApiVersions } from './api-versions.ts';

/** Where Azure Resource Manager is and how it is talked to. */
export interface AzureSettings {
  /** https origin without a path, such as https://management.azure.com; the bearer token goes nowhere else. */
  readonly endpoint: string;
  /** OAuth scope that tokens are asked for, such as https://management.azure.com/.default. */
  readonly scope: string;
  readonly credential: TokenCredential;
  /** Pause between two looks at a long-running operation, where Azure asks for none. */
  readonly pollIntervalMs: number;
  /** Time limit of each single request. */
  readonly requestTimeoutMs: number;
  /** How long a deletion that has ended may leave its resource there; absent: 10 minutes. */
  readonly goneWithinMs?: number;
  /** Absent: those of the SDK's packages. */
  readonly apiVersions?: ApiVersions;
  /** Certificates trusted beside the system's, PEM. */
  readonly caPem?: string;
  /** Prefix of the User-Agent header, such as `hepflow/0.1.0`. */
  readonly userAgent: string;
}

/** Values that suit the public cloud. */
export const azureDefaults = {
  endpoint: 'https://management.azure.com',
  pollIntervalMs: 2000,
  requestTimeoutMs: 60_000,
  goneWithinMs: 10 * 60 * 1000,
} as const;
