/** The workflow types of the worker. Nothing here or below may need Node: the bundle runs in an isolate. */
export { sweepLeftovers } from './sweep-leftovers.ts';
export { verifyHostEndpoints } from './verify-host-endpoints.ts';
