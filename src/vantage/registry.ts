/** Every kind of vantage, a line each. A scenario names them as they are called here. */
export { azureVm } from './azure-vm/index.ts';
