import { type Node, nodes } from '../../adapters/kubernetes/resources.ts';
import type { Moment } from '../../contract/change.ts';
import type { Interval } from '../../contract/observation.ts';
import { formCommand } from '../../contract/shell.ts';
import { changedAnnotation } from '../../ownership/field-mark.ts';
import type { ChangedField } from '../changed-field.ts';
import type { UndoDraft } from '../kind.ts';

/** What both the change and its undo need. */
export interface LabelInput {
  readonly node: string;
  readonly key: string;
  readonly written: string;
  /** Value before the run; null: the node does not have the label. */
  readonly prior: string | null;
}

export const describeLabel = ({ key, written }: LabelInput): string => `${key}=${written}`;

/** The label as a field of its node. */
export const locateLabel = ({ node, key, written, prior }: LabelInput): ChangedField<Node> => ({
  resource: nodes,
  name: node,
  what: `Label ${key} of node ${node}`,
  change: { path: ['metadata', 'labels', key], wanted: written, prior },
});

const moments = {
  labelWritten: { role: 'asked', title: 'label sent and written', words: 'the label was sent' },
  labelOnHostEndpoint: { role: 'reached', title: 'label seen on the host endpoint', words: '' },
} as const satisfies Record<string, Pick<Moment, 'role' | 'title' | 'words'>>;

export const createMoment = (name: keyof typeof moments, node: string, interval: Interval): Moment => ({
  ...{ name, ...moments[name], node },
  ...interval,
});

export function planUndo(input: LabelInput): UndoDraft {
  const { node, key, prior } = input;
  const value = prior === null ? [`${key}-`] : [`${key}=${prior}`, '--overwrite'];
  return {
    undo: 'restoreLabel',
    input,
    subject: node,
    command: [
      formCommand('kubectl', 'label', 'node', node, ...value),
      formCommand('kubectl', 'annotate', 'node', node, `${changedAnnotation}-`),
    ].join(' && '),
    moment: {
      name: 'labelRestored',
      title: 'label taken back',
      words: "the label's removal was asked for",
      node,
    },
  };
}
