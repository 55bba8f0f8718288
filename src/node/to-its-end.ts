import { Task } from "../task/index.ts"

/**
 * Waits for an operation of the file system, in a cancellation as well: it cannot be called back, and what it holds can be
 * closed only when it is over.
 */
export function toItsEnd<A>(operation: () => Promise<A>): Task<Awaited<A>> {
  // A promise of Node is no Task: it declares no failure.
  return Task.uncancelable(() => Task.promise(operation) as Task<Awaited<A>>)
}
