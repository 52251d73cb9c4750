import { parseId } from '../../adapters/azure/index.ts';
import type { RightScope } from '../../changes/rights.ts';
import { countThings } from '../../contract/brief.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import { tellOk, tellProblem, tellWarning } from '../look.ts';
import { type Granted, listMissingActions } from '../rights.ts';
import { askIfAllowed, type Reader, takeNone } from './ask.ts';

/** Where rights are needed. They may come from the group, or from the resource alone when there is one. */
export interface Scope {
  readonly at: RightScope;
  readonly groupId: string;
  readonly resourceId?: string;
}

/** Asks Azure what the credential may do, and compares it with the table. */
export async function inspectRights(scopes: readonly Scope[], tools: Reader): Promise<readonly Diagnosis[]> {
  return (await Promise.all(scopes.map((scope) => inspectScope(scope, tools)))).flat();
}

/** Who has a role on the resource alone may not even ask what they may do in its group. */
async function inspectScope({ at, groupId, resourceId }: Scope, { azure }: Reader): Promise<readonly Diagnosis[]> {
  const where = resourceId ?? groupId;
  const there = [
    tellOk(
      'azureRights',
      `All ${countThings(listMissingActions(at, []).length, 'right')} that a run needs on ${shortOf(where)} are there.`,
    ),
  ];
  const ofGroup = await askIfAllowed(() => azure.permissions(groupId), 'azureRights');
  const unheard = (granted: readonly Granted[]): Diagnosis[] =>
    listMissingActions(at, granted, 'witness').map((action) =>
      tellWarning(
        'azureRights',
        `The credential may not ${action} on ${where}: the report will lack that witness.`,
        'Assign the role of deploy/ again.',
      ),
    );
  if (ofGroup.refusal === undefined && listMissingActions(at, ofGroup.value).length === 0)
    return [...there, ...unheard(ofGroup.value)];
  const ofResource =
    resourceId === undefined
      ? ofGroup
      : await askIfAllowed(() => azure.permissions(resourceId).catch(takeNone), 'azureRights');
  if (ofGroup.refusal !== undefined && ofResource.refusal !== undefined) return [ofGroup.refusal];
  const granted = [ofGroup, ofResource].flatMap((each) => (each.refusal === undefined ? each.value : []));
  const missing = listMissingActions(at, granted);
  if (missing.length === 0) return [...there, ...unheard(granted)];
  return missing.map((action) =>
    tellProblem('azureRights', 'MissingRights', '', `The credential may not ${action} on ${where}.`),
  );
}

/** `virtualNetworks aks-vnet in group`, or `resource group group`. */
function shortOf(id: string): string {
  const { resourceGroup, types, names } = parseId(id);
  return names.length === 0 ? `resource group ${resourceGroup}` : `${types.at(-1)} ${names.at(-1)} in ${resourceGroup}`;
}
