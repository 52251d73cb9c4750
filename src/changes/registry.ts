/** Every kind of change, a line each. A scenario names them as they are called here. */

export { field } from './field/index.ts';
export { networkInterface } from './interface/index.ts';
export { label } from './label/index.ts';
export { lease } from './lease/index.ts';
export { network } from './network/index.ts';
export { peering } from './peering/index.ts';
export { policy } from './policy/index.ts';
export { publicIp } from './public-ip/index.ts';
export { securityGroup } from './security-group/index.ts';
export { service } from './service/index.ts';
export { vm } from './vm/index.ts';
