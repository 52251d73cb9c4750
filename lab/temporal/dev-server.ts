import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { type Child, startChild } from '../process/child.ts';
import { startOnFreePorts } from '../process/free-ports.ts';
import type { LabScope } from '../scope.ts';

export interface TemporalOptions {
  readonly scope: LabScope;
  /** The `temporal` CLI. */
  readonly program: string;
  /** Keeps the state across restarts; default: in memory. */
  readonly databaseFile?: string;
  readonly ui: boolean;
}

export interface TemporalServer {
  /** `127.0.0.1:<port>`, gRPC without TLS. */
  readonly address: string;
  /** Of the Web UI; the empty string without one. */
  readonly uiUrl: string;
  readonly namespace: string;
  /** SIGKILL: no grace. What was in memory only is lost. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same ports and database file; ready as at the start. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const namespace = 'default';
const searchAttributes = ['HepflowCluster=Keyword', 'HepflowPhase=Keyword', 'HepflowOutcome=Keyword'];
/**
 * Without the first, the dev server's one history shard polls its transfer queue at most 20 times a second, so that
 * each sequential activity costs 52 ms; with it, 13 to 19 ms (measured). The second is the default of later servers.
 */
const dynamicConfig = ['history.transferProcessorMaxPollRPS=2000', 'system.enableActivityEagerExecution=true'];

/** Starts Temporal's dev server on 127.0.0.1; ready when its namespace answers over gRPC. */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  mkdirSync(options.scope.logs, { recursive: true });
  return startOnFreePorts(options.scope, ['grpc', 'ui', 'metrics', 'http'], async (ports) => {
    const address = `127.0.0.1:${ports.grpc}`;
    const start = (): Promise<Child> =>
      startChild({
        name: 'temporal',
        command: buildCommand(options, ports),
        logFile: join(options.scope.logs, 'temporal.log'),
        ready: () => isAnswering(address),
        startTimeoutMs: 60_000,
      });
    let child = await start();
    const restart = async (): Promise<void> => {
      child = await start();
    };
    // With a database file it is given the time to write; without one there is nothing to lose.
    const stop = (): Promise<void> => child.stop(options.databaseFile === undefined ? 0 : 5000);
    return {
      address,
      uiUrl: options.ui ? `http://127.0.0.1:${ports.ui}` : '',
      namespace,
      kill: () => child.stop(0),
      restart,
      stop,
    };
  });
}

type Ports = Readonly<Record<'grpc' | 'ui' | 'metrics' | 'http', number>>;

function buildCommand({ program, databaseFile, ui }: TemporalOptions, ports: Ports): [string, ...string[]] {
  const each = (flag: string, values: readonly string[]): string[] => values.flatMap((value) => [flag, value]);
  return [
    program,
    ...[
      'server',
      'start-dev',
      '--ip',
      '127.0.0.1',
      '--port',
      String(ports.grpc),
      '--http-port',
      String(ports.http),
      '--metrics-port',
      String(ports.metrics),
    ],
    ...(ui ? ['--ui-ip', '127.0.0.1', '--ui-port', String(ports.ui)] : ['--headless']),
    ...(databaseFile === undefined ? [] : ['--db-filename', databaseFile]),
    ...each('--sqlite-pragma', ['journal_mode=WAL', 'synchronous=OFF']),
    ...each('--search-attribute', searchAttributes),
    ...each('--dynamic-config-value', dynamicConfig),
    ...['--log-format', 'json', '--log-level', 'warn'],
    // the user's own configuration must not affect the server
    ...['--disable-config-file', '--disable-config-env'],
  ];
}

async function isAnswering(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1000 });
  try {
    await connection.withDeadline(Date.now() + 2000, () => connection.workflowService.describeNamespace({ namespace }));
    return true;
  } finally {
    await connection.close();
  }
}
