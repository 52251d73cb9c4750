import { CancellationScope } from '@temporalio/workflow';

/**
 * Runs everything side by side. When one fails, the others are cancelled and awaited before its error is thrown, so
 * that no undo
 * starts while a step still runs (W5); their own errors never hide the first.
 */
export async function runSideBySide(...parts: readonly (() => Promise<void>)[]): Promise<void> {
  let first: { readonly error: unknown } | undefined;
  const scope = new CancellationScope();
  const watch = async (part: () => Promise<void>): Promise<void> => {
    try {
      await part();
    } catch (error) {
      first ??= { error };
      scope.cancel();
    }
  };
  await scope.run(() => Promise.all(parts.map(watch)));
  if (first !== undefined) throw first.error;
}
