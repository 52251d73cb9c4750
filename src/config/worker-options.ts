import type { KeyObject } from 'node:crypto';
import type { Allow } from '../contract/allow.ts';
import { HepflowError } from '../contract/failures.ts';
import { taskQueue } from '../contract/messages.ts';
import { readAllowFile } from './allow-file.ts';
import { checkCredentials } from './credentials.ts';
import { type FoundOption, Lookup, type OptionRow } from './lookup.ts';
import {
  type AzureCloud,
  azureClouds,
  readAddress,
  readHttpsOrigin,
  readKubeconfig,
  readOneOf,
  readProxyUrl,
  readSecretFile,
  readText,
  readWholeMs,
} from './option-kinds.ts';
import { type PayloadKey, type PayloadMode, payloadModes, readPayloadKeys } from './payload-keys.ts';
import { readReportKey } from './report-key.ts';

/**
 * Everything that a worker is told, resolved. What is secret is a function, so that printing the options tells nothing
 * (W7).
 */
export interface WorkerOptions {
  readonly taskQueue: string;
  readonly azure: AzureOptions;
  /** Secret of the runs' SSH keys, at least 32 bytes: every worker of a task queue has the same. */
  readonly keySecret: () => Buffer;
  /** Keys of what Temporal stores: the first encrypts, all decrypt. Undefined: nothing is encrypted. */
  readonly payloadKeys: (() => readonly PayloadKey[]) | undefined;
  readonly payloadMode: PayloadMode;
  /** Ed25519 private key that signs reports. Undefined: they are not signed. */
  readonly reportKey: (() => KeyObject) | undefined;
  /** HTTP proxy that SSH goes through by CONNECT; may hold a password. Undefined: straight. */
  readonly sshProxyUrl: (() => string) | undefined;
  /** Kubeconfig file to use for every cluster; undefined: the AKS user credential of each. */
  readonly kubeconfigFile: string | undefined;
  /** What steps may touch; undefined: everything that the worker's identity reaches. */
  readonly allow: Allow | undefined;
  /** Pause between two looks at something that is awaited. */
  readonly pollIntervalMs: number;
  readonly logLevel: LogLevel;
  /** `host:port` where Prometheus metrics are served; undefined: nowhere. */
  readonly metricsAddress: string | undefined;
  /** `host:port` where `GET /healthz` is answered; undefined: nowhere. */
  readonly healthAddress: string | undefined;
}

/** What reading Azure and the clusters takes. */
export type ReaderOptions = Pick<WorkerOptions, 'azure' | 'kubeconfigFile' | 'allow' | 'pollIntervalMs'>;

export interface AzureOptions {
  readonly cloud: AzureCloud;
  /** https origin of Azure Resource Manager. */
  readonly armEndpoint: string;
  /** OAuth scope of its tokens. */
  readonly armScope: string;
  /** Where tokens come from; undefined: as @azure/identity decides. */
  readonly authorityHost: string | undefined;
}

export const logLevels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * The worker's options by name: how each is given, its default, what it is for. The CLI's flags and help come from
 * here.
 */
export const workerOptionRows = {
  taskQueue: { flag: '--task-queue', variable: 'HEPFLOW_TASK_QUEUE', fallback: taskQueue, help: 'Temporal task queue' },
  keySecretFile: {
    flag: '--key-secret-file',
    variable: 'HEPFLOW_KEY_SECRET_FILE',
    help: "file with the secret of the runs' SSH keys; at least 32 bytes, mode 600",
  },
  payloadKey: {
    flag: '--payload-key',
    variable: 'HEPFLOW_PAYLOAD_KEY',
    help: 'key ring file that encrypts what Temporal stores, lines ID:BASE64, mode 600; default: nothing is encrypted',
  },
  payloadMode: {
    flag: '--payload-mode',
    variable: 'HEPFLOW_PAYLOAD_MODE',
    fallback: 'accept',
    help: 'accept, or require: refuse payloads that are not encrypted, or were before they told their workflow',
  },
  reportKey: {
    flag: '--report-key',
    variable: 'HEPFLOW_REPORT_KEY',
    help: 'PEM file with the Ed25519 private key that signs reports, mode 600; default: they are not signed',
  },
  azureCloud: {
    flag: '--azure-cloud',
    variable: 'HEPFLOW_AZURE_CLOUD',
    fallback: 'public',
    help: 'public, usgovernment, china or custom',
  },
  armEndpoint: {
    flag: '--arm-endpoint',
    variable: 'HEPFLOW_ARM_ENDPOINT',
    help: "Azure Resource Manager; default: the cloud's",
  },
  armScope: {
    flag: '--arm-scope',
    variable: 'HEPFLOW_ARM_SCOPE',
    help: 'OAuth scope; default: the endpoint with /.default',
  },
  authorityHost: { flag: '--authority-host', variable: 'AZURE_AUTHORITY_HOST', help: "Entra; default: the cloud's" },
  sshProxy: { flag: '--ssh-proxy', variable: 'HEPFLOW_SSH_PROXY', help: 'HTTP proxy for SSH, by CONNECT' },
  kubeconfig: {
    flag: '--kubeconfig',
    variable: 'HEPFLOW_KUBECONFIG',
    help: 'kubeconfig file; default: the AKS user credential',
  },
  allow: {
    flag: '--allow',
    variable: 'HEPFLOW_ALLOW',
    help: 'YAML or JSON file that lists what runs may touch; default: all that the identity reaches',
  },
  pollIntervalMs: {
    flag: '--poll-interval-ms',
    variable: 'HEPFLOW_POLL_INTERVAL_MS',
    fallback: '2000',
    help: 'pause between two looks at what is awaited',
  },
  logLevel: { flag: '--log-level', variable: 'HEPFLOW_LOG_LEVEL', fallback: 'INFO', help: logLevels.join(', ') },
  metrics: {
    flag: '--metrics',
    variable: 'HEPFLOW_METRICS',
    help: 'address of the Prometheus endpoint, such as 127.0.0.1:9464; default: none',
  },
  health: {
    flag: '--health',
    variable: 'HEPFLOW_HEALTH',
    help: 'address that answers /livez, /readyz and /healthz, such as 127.0.0.1:9465; default: none',
  },
} as const satisfies Record<string, OptionRow>;
export type WorkerOptionName = keyof typeof workerOptionRows;

/** What a flag parser found, by option name. */
export type WorkerFlags = Partial<Record<WorkerOptionName | 'config', string>>;

/**
 * Flag, else environment, else the YAML or JSON file of `--config` or HEPFLOW_CONFIG (keys as in `workerOptionRows`),
 * else default.
 * Throws HepflowError InvalidInput (CredentialsMissing when that is all that is wrong) with every problem at once, each
 * naming flag and variable.
 */
export function resolveWorkerOptions(flags: WorkerFlags = {}, env: NodeJS.ProcessEnv = process.env): WorkerOptions {
  return resolved(flags, env, true) as WorkerOptions;
}

/** The same without the secret of the runs' SSH keys, for commands that start no run. */
export function resolveReaderOptions(flags: WorkerFlags = {}, env: NodeJS.ProcessEnv = process.env): ReaderOptions {
  return resolved(flags, env, false) as ReaderOptions;
}

function resolved(flags: WorkerFlags, env: NodeJS.ProcessEnv, needsKeySecret: boolean): object {
  const lookup = new Lookup(workerOptionRows, flags, env);
  const get = <T>(name: WorkerOptionName, kind: (found: FoundOption) => T): T | undefined => lookup.get(name, kind);

  const cloud = get('azureCloud', readOneOf(Object.keys(azureClouds) as AzureCloud[])) ?? 'public';
  const armEndpoint = get('armEndpoint', readHttpsOrigin) ?? azureClouds[cloud].armEndpoint;
  if (cloud === 'custom' && !lookup.isGiven('armEndpoint'))
    lookup.problem(
      'armEndpoint',
      'is needed with --azure-cloud custom.',
      'Give the https origin of Azure Resource Manager.',
    );
  const keySecret = get('keySecretFile', readSecretFile);
  if (needsKeySecret && !lookup.isGiven('keySecretFile'))
    lookup.problem(
      'keySecretFile',
      'is needed: the SSH keys of the runs are derived from it.',
      'openssl rand -out FILE 32 && chmod 600 FILE',
    );
  const payloadKeys = get('payloadKey', readPayloadKeys);
  const payloadMode = get('payloadMode', readOneOf(payloadModes));
  if (payloadMode === 'require' && !lookup.isGiven('payloadKey'))
    lookup.problem('payloadMode', 'is require, but there are no keys.', 'Give HEPFLOW_PAYLOAD_KEY, or leave it out.');
  const options = {
    taskQueue: get('taskQueue', readText),
    azure: {
      cloud,
      armEndpoint,
      armScope: get('armScope', readText) ?? `${armEndpoint}/.default`,
      authorityHost: get('authorityHost', readHttpsOrigin) ?? azureClouds[cloud].authorityHost,
    },
    keySecret,
    payloadKeys,
    payloadMode,
    reportKey: get('reportKey', readReportKey),
    sshProxyUrl: get('sshProxy', readProxyUrl),
    kubeconfigFile: get('kubeconfig', readKubeconfig),
    allow: get('allow', readAllowFile),
    pollIntervalMs: get('pollIntervalMs', readWholeMs(10, 60_000)),
    logLevel: get('logLevel', (found) => readOneOf(logLevels)({ ...found, value: found.value.toUpperCase() })),
    metricsAddress: get('metrics', readAddress),
    healthAddress: get('health', readAddress),
  };
  const problems = [...lookup.problems, ...checkCredentials(env)];
  if (problems.length > 0) {
    const code = problems.every((each) => each.code === 'CredentialsMissing') ? 'CredentialsMissing' : 'InvalidInput';
    throw new HepflowError(code, problems.map((each) => `${each.field} ${each.message} ${each.remedy}`).join('\n'), {
      problems,
    });
  }
  return options;
}
