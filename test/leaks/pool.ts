/** Works through a list, so many at once, in order; each has its promise from the start. */
export function pooled<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R>[] {
  const ends: Promise<R>[] = []
  for (const [i, item] of items.entries()) {
    // A lane is taken over by the item that comes so many later.
    const before = ends[i - atOnce] ?? Promise.resolve()
    const next = (): Promise<R> => work(item)
    ends.push(before.then(next, next))
  }
  return ends
}
