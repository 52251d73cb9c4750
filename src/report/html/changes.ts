/** What the run changed, and what took each change back. */
import type { Mission } from '../../contract/mission.ts';
import type { Report, StepRecord } from '../../contract/report.ts';
import type { StepName, UndoName } from '../../contract/steps.ts';
import { type Markup, markup } from '../markup.ts';
import { duration } from '../words.ts';
import { section } from './marks.ts';

interface Change {
  readonly undo: UndoName;
  readonly what: (step: StepRecord, mission: Mission | null) => string;
}

const kinds: Readonly<Partial<Record<StepName, Change>>> = {
  holdCluster: { undo: 'releaseCluster', what: () => 'A lease in the cluster, so that no other run changes it' },
  createNetwork: {
    undo: 'deleteNetwork',
    what: (_, mission) => `A VNet for the probe VM${mission === null ? '' : `, ${mission.vm.addressSpace}`}`,
  },
  createPublicIp: { undo: 'deletePublicIp', what: ({ detail }) => `A public IP for SSH, ${detail}` },
  createSecurityGroup: { undo: 'deleteSecurityGroup', what: () => 'A network security group that lets SSH in' },
  createInterface: { undo: 'deleteInterface', what: ({ detail }) => `A network interface, ${detail}` },
  createVm: { undo: 'deleteVm', what: ({ detail }) => `The probe VM and its disk, ${detail}` },
  peerToCluster: { undo: 'deletePeering', what: () => 'Peering from the VM’s VNet to the cluster’s' },
  peerFromCluster: { undo: 'deletePeering', what: () => 'Peering from the cluster’s VNet to the VM’s' },
  enableAutoHostEndpoints: {
    undo: 'restoreAutoHostEndpoints',
    what: ({ detail }) => `Calico’s automatic host endpoints switched on: ${detail}`,
  },
  enableFlowLogs: { undo: 'restoreFlowLogs', what: ({ detail }) => `Flow logs of host endpoints: ${detail}` },
  exposeNodePort: { undo: 'deleteService', what: ({ detail }) => `A service: ${detail}` },
  labelNode: {
    undo: 'restoreLabel',
    what: ({ subject }, mission) =>
      `${mission === null ? 'The label' : `${mission.label.key}=${mission.label.value}`} on node ${subject}`,
  },
  applyPolicy: { undo: 'deletePolicy', what: ({ detail }, mission) => `The policy ${mission?.policy.name ?? detail}` },
};

export function changes({ steps, mission, outcome }: Report): Markup | undefined {
  const made = steps.flatMap((step) => {
    const kind = changeOf(step);
    return kind === undefined || step.startedAt === null
      ? []
      : [{ step, kind, undone: undoOf(step, kind.undo, steps) }];
  });
  if (made.length === 0) return undefined;
  const missing = outcome === 'RUNNING' ? 'not yet' : 'not taken back by this run';
  const rows = made.map(
    ({ step, kind, undone }) =>
      markup`<tr><td>${kind.what(step, mission)}${step.outcome === 'done' ? '' : ` (${step.outcome})`}</td><td class="narrow">${clock(step)}</td><td>${restored(undone, missing)}</td></tr>
`,
  );
  return section(
    'changes',
    'What was changed, and taken back',
    markup`<table><thead><tr><th scope="col">Changed</th><th scope="col">At (UTC)</th><th scope="col">Taken back</th></tr></thead><tbody>${rows}</tbody></table>`,
  );
}

const changeOf = ({ name }: StepRecord): Change | undefined =>
  (kinds as Readonly<Record<string, Change | undefined>>)[name];

/** Undo goes backwards: the last change of a kind is the first that is taken back. A label is told by its node. */
function undoOf(step: StepRecord, undo: UndoName, steps: readonly StepRecord[]): StepRecord | undefined {
  const undos = steps.filter(({ name }) => name === undo);
  if (step.name === 'labelNode') return undos.find(({ subject }) => subject === step.subject);
  const same = steps.filter((one) => one.startedAt !== null && changeOf(one)?.undo === undo).reverse();
  return undos[same.indexOf(step)];
}

function restored(undone: StepRecord | undefined, missing: string): Markup {
  if (undone === undefined) return markup`<span class="unsure">– ${missing}</span>`;
  const took =
    undone.startedAt !== null && undone.endedAt !== null
      ? ` (${duration(Date.parse(undone.endedAt) - Date.parse(undone.startedAt))})`
      : '';
  if (undone.outcome === 'done') return markup`<span class="good">✓</span> ${undone.detail}${took}`;
  return markup`<span class="bad">✗ ${undone.outcome}</span> ${undone.detail}${took}`;
}

const clock = ({ startedAt }: StepRecord): string => startedAt?.slice(11, 19) ?? '';
