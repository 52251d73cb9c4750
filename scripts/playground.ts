import { dirname } from 'node:path';
import { providePrograms } from '../lab/tools/programs.ts';

/** What to do with a lab that was kept: how to get its environment, what to try, how to end it. */
export async function playground(environment: Record<string, string>, workerPid: number): Promise<string> {
  const { kubectl, temporal } = await providePrograms(['kubectl', 'temporal']);
  const id = environment['HEPFLOW_LAB'];
  const folders = [...new Set([kubectl, temporal].map(dirname))].join(':');
  return `
The lab, Temporal and a worker are running. The environment (hepflow lab env ${id}):

${Object.entries(environment)
  .map(([key, value]) => `  ${key}=${/TOKEN|SECRET$/.test(key) ? '…' : value}`)
  .join('\n')}

Take it into a shell, in this folder:

  set -a; eval "$(npm run --silent hepflow -- lab env ${id})"; set +a
  export PATH="$PWD/node_modules/.bin:${folders}:$PATH"
  alias hepflow='node src/cli/main.ts'

Things to try:

  temporal workflow start --type verifyHostEndpoints --task-queue hepflow --workflow-id mine --input-file examples/run.json
  temporal workflow query --workflow-id mine --type progress
  hepflow watch mine                                      # Ctrl-C leaves it running
  hepflow ssh mine                                        # once step awaitSsh is done
  kubectl get heps                                        # the auto host endpoints, while the run lives
  temporal workflow signal --workflow-id mine --name labelNode2
  hepflow report mine --format markdown

The end of it:

  kill ${workerPid}; node src/cli/main.ts lab down ${id}
`;
}
