/** For what has one run in it: the second one is told so, instead of finding nothing. */
export function onlyOnce(message: string): () => void {
  let used = false
  return () => {
    if (used) throw new TypeError(message)
    used = true
  }
}

/** For iterators: one that is its own iterable has one run in it. */
export function oneRunEach<I>(from: unknown, where: string): (iterator: I) => I {
  const begin = onlyOnce(usedUp(where, "an iterator"))
  return (iterator) => {
    if ((iterator as unknown) === from) begin()
    return iterator
  }
}

export function usedUp(where: string, what: string): string {
  return `Expected ${where} to be an iterable for each run, got ${what}, used up by the first. Make it anew: Stream.defer(() => …).`
}
