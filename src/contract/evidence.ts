/** What the prober saw. Facts only: what they mean is decided in judge/. */
import type { Missing, Observation } from './observation.ts';
import type { PhaseName } from './phase.ts';
import type { VantageId, Witness } from './vantage.ts';

/**
 * OPEN: handshake completed. DROP: silence until the time limit. RST: reset by the peer. ICMP_REJECT: refused by ICMP.
 * PROBE_FAULT: the probe itself could not run.
 */
export const outcomes = ['OPEN', 'DROP', 'RST', 'ICMP_REJECT', 'PROBE_FAULT'] as const;
export type Outcome = (typeof outcomes)[number];

/** What a phase can expect of a target. */
export const expectedOutcomes = ['OPEN', 'DROP'] as const satisfies readonly Outcome[];
export type Expected = (typeof expectedOutcomes)[number];

/** A port of a node, seen from a vantage. */
export interface Target {
  /** Unique within a probe, as `<node>:<port>`. */
  readonly id: string;
  readonly node: string;
  readonly address: string;
  readonly port: number;
  /** `nodePort`: of a service, whose backend answers a request with its name; `openPort`: another port of the node. */
  readonly kind: (typeof targetKinds)[number];
  /** `<namespace>/<name>` of the service behind a nodePort. */
  readonly service?: string;
}

export const targetKinds = ['nodePort', 'openPort'] as const;

/**
 * `proof`: one of the independent connections that a verdict rests on; `before`, `during`, `after`: live controls
 * bracketing them.
 */
export const connectionStages = ['before', 'proof', 'during', 'after'] as const;

/** One new TCP connection attempt. */
export interface Connection {
  /** Target id. */
  readonly target: string;
  readonly stage: (typeof connectionStages)[number];
  readonly outcome: Outcome;
  /** Errno name such as ECONNREFUSED; absent when there was none. */
  readonly errno?: string;
  /** Type and code of the ICMP message that refused the connection. */
  readonly icmp?: { readonly type: number; readonly code: number };
  readonly sourcePort: number;
  /** Start on the VM's clock, ISO 8601 with milliseconds. */
  readonly startedAt: string;
  /** From connect() to the outcome, in milliseconds. */
  readonly elapsedMs: number;
  /** SYNs sent: 1 + TCP_INFO's total retransmissions while in SYN_SENT. */
  readonly syns: number;
  /** First line that an OPEN nodePort answered, when it did: it names the backend. */
  readonly response?: string;
  /** Why a PROBE_FAULT is one. */
  readonly fault?: string;
}

/** Health of a service's backends as the API server reports it. */
export interface BackendHealth {
  readonly readyEndpoints: number;
  readonly readAt: string;
  /** The ready pods and where they run. */
  readonly pods?: readonly { readonly name: string; readonly node: string; readonly ip: string }[];
}

/** How long the world took to behave as expected, observed by single short dials before the proof window. */
export interface Convergence {
  readonly reached: boolean;
  readonly rounds: number;
  readonly elapsedMs: number;
}

export interface Evidence {
  readonly phase: PhaseName;
  readonly vantage: VantageId;
  /** Start of the probe step on the worker's clock, ISO 8601; the change it judges was acknowledged before. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly kernel: string;
  /**
   * The VM's net.ipv4.tcp_syn_linear_timeouts: above 0, a SYN is repeated every second at first. Null: this kernel does
   * not have it.
   */
  readonly synLinearTimeouts?: number | null;
  readonly targets: readonly Target[];
  readonly convergence: Convergence;
  readonly connections: readonly Connection[];
  /** By `<namespace>/<name>` of each service behind a target. */
  readonly backends: Readonly<Record<string, { readonly before: BackendHealth; readonly after: BackendHealth }>>;
  /**
   * Beside a deny: who answered when an open NodePort was asked many times, by target id: how often each first line
   * came.
   */
  readonly answers?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What the observer saw around the change that led to this phase; absent for a phase without one. */
  readonly observation?: Observation | Missing;
  /** Absent: nobody else was asked. */
  readonly witnesses?: readonly Witness[];
  /**
   * Only the frame is left, because the report would have been too big: connections, backends, answers and witnesses
   * are gone, and the observation is missing. The seal is still that of the whole.
   */
  readonly dropped?: true;
  /**
   * Ties the evidence to what was gathered before it: SHA-256 over the evidence without this field. Absent while it is
   * not sealed.
   */
  readonly seal?: Seal;
}

/** Hexadecimal SHA-256 values: `sha256` covers `previous` and the evidence as canonical JSON (docs/evidence.md). */
export interface Seal {
  /** The last evidence's `sha256`; for the first one the run id. */
  readonly previous: string;
  readonly sha256: string;
}
