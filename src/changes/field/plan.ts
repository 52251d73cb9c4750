import { nameForKubectl, openCalico } from '../../adapters/kubernetes/calico.ts';
import type { FieldValue } from '../../contract/change.ts';
import type { CalicoApi } from '../../contract/report.ts';
import { formCommand } from '../../contract/shell.ts';
import { changedAnnotation } from '../../ownership/field-mark.ts';
import type { UndoDraft } from '../kind.ts';
import type { FieldName } from './fields.ts';

export interface FieldInput {
  readonly calico: CalicoApi;
  readonly prior: FieldValue;
}

export const planUndo = (name: FieldName, input: FieldInput): UndoDraft =>
  name === 'autoHostEndpoints'
    ? {
        undo: 'restoreAutoHostEndpoints',
        input,
        subject: `autoCreate to ${input.prior ?? 'unset'}`,
        command: writePatch(
          nameForKubectl('kubecontrollersconfiguration', openCalico(input.calico).kubeControllersConfigurations),
          { controllers: { node: { hostEndpoint: { autoCreate: input.prior } } } },
        ),
        moment: null,
      }
    : {
        undo: 'restoreFlowLogs',
        input,
        subject: `flowLogsEnableHostEndpoint to ${input.prior ?? 'unset'}`,
        command: writePatch(nameForKubectl('felixconfiguration', openCalico(input.calico).felixConfigurations), {
          flowLogsEnableHostEndpoint: input.prior,
        }),
        moment: null,
      };

/** The value back, and the run's mark off. */
function writePatch(kind: string, spec: object): string {
  const patch = { metadata: { annotations: { [changedAnnotation]: null } }, spec };
  return formCommand('kubectl', 'patch', kind, 'default', '--type=merge', '-p', JSON.stringify(patch));
}
