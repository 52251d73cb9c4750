import type { StepName, StepOutput } from '../contract/steps.ts';

/** What a finished step found, one line for the step table. */
const found: { readonly [N in StepName]: (output: StepOutput<N>) => string } = {
  preflight: ({ site }) =>
    `nodes ${site.nodes.map(({ name, internalIp }) => `${name} (${internalIp})`).join(', ')}; Calico ${site.calico.version}`,
  holdCluster: ({ since, takenOverFrom }) =>
    `held since ${since}${takenOverFrom === null ? '' : `; taken over from ${takenOverFrom}`}`,
  createNetwork: () => '',
  createPublicIp: ({ address }) => address,
  createSecurityGroup: () => 'AllowRuleSSH',
  createInterface: ({ privateAddress }) => privateAddress,
  createVm: ({ size }) => size,
  awaitSsh: ({ kernel, python }) => `kernel ${kernel}, ${python}`,
  peerToCluster: () => '',
  peerFromCluster: ({ peeringState, syncLevel }) => `${peeringState}, ${syncLevel}`,
  enableAutoHostEndpoints: ({ changed, names }) =>
    `${names.length} host endpoints${changed ? '' : '; was enabled already'}`,
  enableFlowLogs: ({ changed, supported }) =>
    supported ? `read back as true${changed ? '' : '; was true already'}` : 'not supported by this Calico',
  exposeNodePort: ({ nodePort, readyEndpoints }) => `NodePort ${nodePort}, ${readyEndpoints} ready endpoints`,
  labelNode: ({ changed, hostEndpoint }) => `on ${hostEndpoint} too${changed ? '' : '; was there already'}`,
  applyPolicy: ({ name }) => name,
  probe: ({ connections, convergence }) =>
    `${connections.length} connections${convergence.reached ? `, as expected after ${Math.round(convergence.elapsedMs)} ms` : ', never as expected'}`,
};

export const foundBy = <N extends StepName>(name: N, output: StepOutput<N>): string => found[name](output);
