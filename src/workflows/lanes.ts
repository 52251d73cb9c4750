import { CancellationScope } from '@temporalio/workflow';

/**
 * Runs lanes side by side. When one fails, the others are cancelled and awaited before its error is thrown, so that no undo starts while
 * a step still runs (W5); their own errors never hide the first.
 */
export async function sideBySide<T extends readonly unknown[]>(
  ...lanes: { readonly [K in keyof T]: () => Promise<T[K]> }
): Promise<T> {
  let first: { readonly error: unknown } | undefined;
  const scope = new CancellationScope();
  const settled = await scope.run(() =>
    Promise.allSettled(
      lanes.map(async (lane) => {
        try {
          return await lane();
        } catch (error) {
          first ??= { error };
          scope.cancel();
          throw error;
        }
      }),
    ),
  );
  if (first !== undefined) throw first.error;
  return settled.map((lane) => (lane.status === 'fulfilled' ? lane.value : undefined)) as unknown as T;
}

/** A step that several lanes need: the first asks for it, all get the same promise. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
