import type { FieldValue } from '../../contract/change.ts';
import { formCommand } from '../../contract/shell.ts';
import { changedAnnotation } from '../../ownership/field-mark.ts';
import type { UndoDraft } from '../kind.ts';
import type { FieldName } from './fields.ts';

export interface PriorInput {
  readonly prior: FieldValue;
}

export const planUndo = (name: FieldName, prior: FieldValue): UndoDraft =>
  name === 'autoHostEndpoints'
    ? {
        undo: 'restoreAutoHostEndpoints',
        input: { prior } satisfies PriorInput,
        subject: `autoCreate to ${prior ?? 'unset'}`,
        command: writePatch('kubecontrollersconfiguration', {
          controllers: { node: { hostEndpoint: { autoCreate: prior } } },
        }),
        moment: null,
      }
    : {
        undo: 'restoreFlowLogs',
        input: { prior } satisfies PriorInput,
        subject: `flowLogsEnableHostEndpoint to ${prior ?? 'unset'}`,
        command: writePatch('felixconfiguration', { flowLogsEnableHostEndpoint: prior }),
        moment: null,
      };

/** The value back, and the run's mark off. */
function writePatch(kind: string, spec: object): string {
  const patch = { metadata: { annotations: { [changedAnnotation]: null } }, spec };
  return formCommand('kubectl', 'patch', kind, 'default', '--type=merge', '-p', JSON.stringify(patch));
}
