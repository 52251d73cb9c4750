import type { RightScope } from '../../changes/rights.ts';
import { countThings, enumerate } from '../../contract/brief.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import { tellOk, tellProblem, tellWarning } from '../look.ts';
import { type Granted, listMissingActions } from '../rights.ts';
import { askIfAllowed, describeScope, type Reader, takeNone } from './ask.ts';

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

/** Who has a role on the resource alone may not even ask what they may do in its group, nor follow operations there. */
async function inspectScope({ at, groupId, resourceId }: Scope, { azure }: Reader): Promise<readonly Diagnosis[]> {
  const where = resourceId ?? groupId;
  const ofGroup = await askIfAllowed(() => azure.permissions(groupId), 'azureRights');
  const isEnough = ofGroup.refusal === undefined && listMissingActions(at, ofGroup.value).length === 0;
  const ofResource =
    resourceId === undefined || isEnough
      ? ofGroup
      : await askIfAllowed(() => azure.permissions(resourceId).catch(takeNone), 'azureRights');
  if (ofGroup.refusal !== undefined && ofResource.refusal !== undefined) return [ofGroup.refusal];
  const [inGroup = [], onResource = []] = [ofGroup.value, ofResource.value];
  const granted = [...inGroup, ...onResource];
  return [
    ...tellRights(at, where, granted),
    ...listMissingActions(at, granted, 'witness').map((action) =>
      tellWarning(
        'azureRights',
        `The credential may not ${action} on ${where}: the report will lack that witness.`,
        'Assign the role of deploy/ again.',
      ),
    ),
    ...tellUnfollowed(where, groupId, listMissingActions(at, inGroup, 'following')),
  ];
}

function tellRights(at: RightScope, where: string, granted: readonly Granted[]): readonly Diagnosis[] {
  const missing = listMissingActions(at, granted);
  const count = countThings(listMissingActions(at, []).length, 'right');
  if (missing.length === 0)
    return [tellOk('azureRights', `All ${count} that a run needs on ${describeScope(where)} are there.`)];
  return missing.map((action) =>
    tellProblem('azureRights', 'MissingRights', '', `The credential may not ${action} on ${where}.`),
  );
}

/** Azure lets an operation be followed by rights on the resource group, not on the resource. */
const tellUnfollowed = (where: string, groupId: string, missing: readonly string[]): readonly Diagnosis[] =>
  missing.length === 0
    ? []
    : [
        tellWarning(
          'azureRights',
          `The credential may not ${enumerate(missing)} on ${groupId}: a run cannot follow its operations on ` +
            `${describeScope(where)}. It looks at what it makes instead, and cannot tell why one failed.`,
          'Assign the role of deploy/ to that resource group.',
        ),
      ];
