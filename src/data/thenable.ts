/** Something to be awaited. A Task and a Fiber are, too: ask for those first. */
export function isThenable(given: unknown): given is PromiseLike<unknown> {
  return typeof (given as { then?: unknown } | undefined | null)?.then === "function"
}
