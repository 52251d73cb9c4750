/** The worker: the one place where configuration, adapters and activities meet. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import {
  DefaultLogger,
  NativeConnection,
  type NativeConnectionOptions,
  Runtime,
  type WorkerOptions as TemporalOptions,
  Worker,
} from '@temporalio/worker';
import { createActivities } from './activities/index.ts';
import { createSsh } from './adapters/ssh/index.ts';
import { deriveRunKeys } from './adapters/ssh/keys.ts';
import { createTemporal, type Temporal } from './adapters/temporal/index.ts';
import { createPayloadCodec } from './codec/payload-codec.ts';
import { resolveMission } from './config/run-spec.ts';
import { resolveSweep } from './config/sweep-spec.ts';
import { explainUnreachable } from './config/temporal-server.ts';
import type { WorkerOptions } from './config/worker-options.ts';
import { explainMissingAttributes, listMissingAttributes } from './contract/messages.ts';
import { createKeySigner } from './evidence/envelope.ts';
import { createSigner } from './ownership/signature.ts';
import { createWorkshop } from './scenario/workshop.ts';
import type { Tools } from './step/context.ts';
import { serveHealth } from './worker/health.ts';
import { isToldAlready, logLine } from './worker/log.ts';
import { takePulse } from './worker/pulse.ts';
import { createReaders } from './worker/readers.ts';

const requestTimeoutMs = 60_000;
const pulseLimitMs = 4000;

/** Runs a worker until TERM or INT; running steps get 30 s to end, then another worker takes them over. */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { connectionOptions = {}, namespace = 'default' } = loadClientConnectConfig();
  const runtime = installRuntime(options);
  // Until the worker runs, the SDK hears a TERM and does nothing.
  for (const signal of endSignals) process.on(signal, leave);
  try {
    await runWorkerOn(await connect(connectionOptions), options, namespace);
  } finally {
    // Its threads would keep the process, and its handlers every TERM.
    await runtime.shutdown();
  }
}

const endSignals = ['SIGTERM', 'SIGINT'] as const;
const leave = (): never => process.exit(0);

async function runWorkerOn(connection: NativeConnection, options: WorkerOptions, namespace: string): Promise<void> {
  const pulse = takePulse(() =>
    connection.withDeadline(Date.now() + pulseLimitMs, () => connection.workflowService.getSystemInfo({})),
  );
  try {
    let worker: Worker | undefined;
    // Before the worker, which a connection cannot be closed without.
    const health =
      options.healthAddress === undefined
        ? undefined
        : await serveHealth(options.healthAddress, () => ({
            status: worker?.getStatus(),
            answeredAt: pulse.answeredAt(),
          }));
    try {
      worker = await createWorker(options, connection, namespace);
      for (const signal of endSignals) process.off(signal, leave);
      await worker.run();
    } finally {
      await health?.close();
    }
  } finally {
    pulse.stop();
    await connection.close();
  }
}

async function connect(options: NativeConnectionOptions): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(options);
  } catch (error) {
    throw new Error(await explainUnreachable(options, (error as Error).message));
  }
}

/** A worker that polls when it is run. `wrap` may put something between Temporal and the activities. */
export async function createWorker(
  options: WorkerOptions,
  connection: NativeConnection,
  namespace: string,
  wrap: (activities: ReturnType<typeof createActivities>) => object = (activities) => activities,
): Promise<Worker> {
  const tools = createTools(
    options,
    createTemporal({ connection, namespace, requestTimeoutMs: 10_000 }),
    await knowsSearchAttributes(connection, namespace),
  );
  return Worker.create({
    connection,
    namespace,
    taskQueue: options.taskQueue,
    // Stands in three of four events of a history; the default is 83 characters long.
    buildId: 'hepflow@0.1.0',
    workflowBundle: { codePath: workflowBundle(options.payloadKeys !== undefined) },
    dataConverter: {
      payloadCodecs: [createPayloadCodec(options.payloadKeys, options.payloadMode)],
      ...(options.payloadKeys && { failureConverterPath: sibling('codec/failure-converter') }),
    },
    activities: wrap(createActivities(tools, { pollIntervalMs: options.pollIntervalMs })) as NonNullable<
      TemporalOptions['activities']
    >,
    // Azure's rate limits rule, not the machine; a run has at most seven steps under way.
    maxConcurrentActivityTaskExecutions: 100,
    // A cancellation is heard, and a resume state recorded, with the next heartbeat that is sent.
    maxHeartbeatThrottleInterval: Math.max(options.pollIntervalMs, 100),
    maxCachedWorkflows: 200,
    shutdownGraceTime: '30s',
    shutdownForceTime: '60s',
  });
}

function createTools(options: WorkerOptions, temporal: Temporal, knowsAttributes: boolean): Tools {
  return {
    ...createReaders(options, requestTimeoutMs),
    ssh: createSsh({
      connectTimeoutMs: 15_000,
      keepaliveMs: 5000,
      ...(options.sshProxyUrl && { proxyUrl: options.sshProxyUrl() }),
    }),
    temporal,
    keysOf: (run) => deriveRunKeys(options.keySecret(), run),
    signer: createSigner(options.keySecret()),
    resolveMission,
    createScenario: createWorkshop,
    resolveSweep,
    searchAttributes: knowsAttributes,
    ...(options.reportKey && { reportSigner: createKeySigner(options.reportKey()) }),
  };
}

/** JSON lines on stderr, one an event. */
function installRuntime({ logLevel, metricsAddress }: WorkerOptions): Runtime {
  const logger = new DefaultLogger(logLevel, (entry) => {
    if (!isToldAlready(entry)) process.stderr.write(`${logLine(entry)}\n`);
  });
  return Runtime.install({
    logger,
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'WARN' } },
      ...(metricsAddress && { metrics: { prometheus: { bindAddress: metricsAddress } } }),
    },
  });
}

/**
 * A namespace that does not know a search attribute refuses the workflow tasks that set it; so ask first, and do
 * without when nobody answers.
 */
async function knowsSearchAttributes(connection: NativeConnection, namespace: string): Promise<boolean> {
  const { logger } = Runtime.instance();
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = listMissingAttributes(customAttributes);
    if (missing.length > 0) logger.warn(explainMissingAttributes(missing, namespace));
    return missing.length === 0;
  } catch {
    logger.warn('Whether the namespace knows the search attributes of runs was not answered: they are not set.');
    return false;
  }
}

const compiled = import.meta.url.endsWith('.js');

/** Path of a module of ours that the SDK loads by itself. */
const sibling = (name: string): string =>
  fileURLToPath(new URL(`./${name}.${compiled ? 'js' : 'ts'}`, import.meta.url));

/**
 * Built by `npm run build`, or by `npm run bundle` in a checkout. There are two of the same workflows: whether messages
 * of failures are
 * put where the codec encrypts them is fixed when they are bundled.
 */
function workflowBundle(encrypting: boolean): string {
  const name = encrypting ? 'workflow-bundle-encrypting.js' : 'workflow-bundle.js';
  const file = fileURLToPath(new URL(`${compiled ? '..' : '../dist'}/${name}`, import.meta.url));
  if (!existsSync(file)) throw new Error(`The workflow bundle ${file} is missing. Build it: npm run bundle`);
  return file;
}
