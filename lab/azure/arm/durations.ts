import { type Pace, readPaceScale } from '../../scope.ts';

/** Milliseconds that each kind of operation takes. */
export interface Durations {
  readonly network: number;
  readonly networkDelete: number;
  readonly publicIp: number;
  readonly publicIpDelete: number;
  readonly securityGroup: number;
  readonly securityGroupDelete: number;
  readonly interface: number;
  readonly interfaceDelete: number;
  readonly peering: number;
  readonly peeringDelete: number;
  readonly vm: number;
  readonly vmUpdate: number;
  readonly vmDelete: number;
  readonly diskDelete: number;
  readonly groupDelete: number;
  /** Reading an interface's effective rules or routes. */
  readonly effective: number;
  /** How long an interface stays reserved for a VM whose creation failed, after that VM is gone. */
  readonly interfaceReservation: number;
}

const fast: Durations = {
  network: 120,
  networkDelete: 120,
  publicIp: 80,
  publicIpDelete: 80,
  securityGroup: 80,
  securityGroupDelete: 80,
  interface: 120,
  interfaceDelete: 120,
  peering: 200,
  peeringDelete: 200,
  vm: 600,
  vmUpdate: 100,
  vmDelete: 300,
  diskDelete: 80,
  groupDelete: 300,
  effective: 150,
  interfaceReservation: 400,
};

/** Typical real seconds, from public logs of infrastructure tools; the reservation is Azure's own 180 s. */
const typicalSeconds: Durations = {
  network: 5,
  networkDelete: 8,
  publicIp: 2.5,
  publicIpDelete: 6,
  securityGroup: 4,
  securityGroupDelete: 5,
  interface: 6,
  interfaceDelete: 9,
  peering: 15,
  peeringDelete: 10,
  vm: 50,
  vmUpdate: 8,
  vmDelete: 40,
  diskDelete: 3,
  groupDelete: 60,
  effective: 5,
  interfaceReservation: 180,
};

export interface Timing {
  readonly durations: Durations;
  /**
   * Retry-After of a poll that finds the operation still running; absent: no header, so the caller's own interval
   * counts.
   */
  readonly retryAfterSeconds?: number;
}

/** Pace `azure` is scaled by `paceScale`. */
export function createTiming(pace: Pace, overrides: Partial<Durations> = {}): Timing {
  if (pace === 'fast') return { durations: { ...fast, ...overrides } };
  const scale = readPaceScale();
  const scaled = Object.fromEntries(
    Object.entries(typicalSeconds).map(([kind, seconds]) => [kind, seconds * scale * 1000]),
  ) as unknown as Durations;
  const retryAfterSeconds = Math.min(10, Math.floor(10 * scale));
  return { durations: { ...scaled, ...overrides }, ...(retryAfterSeconds >= 1 && { retryAfterSeconds }) };
}
