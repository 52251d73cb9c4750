/** Management locks: with one, a run could make its things and never remove them. */
import { AzureError } from '../../adapters/azure/index.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import { formCommand } from '../../contract/shell.ts';
import { tellInfo, tellOk, tellProblem, tellWarning } from '../look.ts';
import { describeScope, type Reader } from './ask.ts';

type FoundLock = Awaited<ReturnType<Reader['azure']['locks']>>[number];

/** Where a lock matters, and to what. */
export interface LockScope {
  readonly id: string;
  /** What a run makes and removes there; empty: nothing. */
  readonly made: string;
  readonly field: string;
}

export async function inspectLocks(scopes: readonly LockScope[], tools: Reader): Promise<readonly Diagnosis[]> {
  return (await Promise.all(scopes.map((scope) => inspectScope(scope, tools)))).flat();
}

async function inspectScope(scope: LockScope, { azure }: Reader): Promise<readonly Diagnosis[]> {
  const where = describeScope(scope.id);
  try {
    const findings = (await azure.locks(scope.id)).flatMap((lock) => judgeLock(lock, scope));
    return findings.length > 0 ? findings : [tellOk('locks', `No lock on ${where} or above it is in the way.`)];
  } catch (error) {
    if (!(error instanceof AzureError) || ![400, 403, 404].includes(error.status)) throw error;
    return [
      tellInfo(
        'locks',
        `The locks on ${where} could not be read, so none was looked for: ${error.message}`,
        'Assign the role of deploy/ again: it holds Microsoft.Authorization/locks/read.',
      ),
    ];
  }
}

function judgeLock({ id, scopeId, level }: FoundLock, { made, field }: LockScope): readonly Diagnosis[] {
  const told = `The lock ${nameOfLock(id)} (${level}) on ${scopeId}`;
  const remove = formCommand('az', 'lock', 'delete', '--ids', id);
  if (made === '')
    return level === 'ReadOnly'
      ? [
          tellWarning(
            'locks',
            `${told} may keep Azure from giving the kubeconfig of the cluster.`,
            `${remove}, or name a kubeconfig file (--kubeconfig).`,
            field,
          ),
        ]
      : [];
  if (level !== 'CanNotDelete' && level !== 'ReadOnly') return [];
  const keeps = level === 'ReadOnly' ? 'making' : 'removing';
  return [
    tellProblem(
      'locks',
      'ScopeLocked',
      field,
      `${told} would keep the run from ${keeps} ${made}.`,
      `Remove the lock: ${remove}`,
    ),
  ];
}

const nameOfLock = (id: string): string => id.slice(id.lastIndexOf('/') + 1);
