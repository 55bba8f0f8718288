/**
 * Waiting for a promise, with a way back. A reaction cannot be taken off a promise, so who stops waiting leaves it there
 * for as long as the promise lives (node#17469). The first one who stops leaves one; from then on the promise has a list,
 * on which all others come and go.
 */
export interface Follower {
  fulfilled(value: unknown): void
  rejected(reason: unknown): void
}

/** Made when somebody first stops waiting: until then nothing is looked up. */
let lists: WeakMap<object, Set<Follower>> | undefined

/** Tells `follower` once, when the promise has settled. */
export function follow(promise: Promise<unknown>, follower: Follower): void {
  const list = lists?.get(promise)
  if (list === undefined) listen(promise, follower)
  else list.add(follower)
}

/** Does not want to be told any more; the follower takes no notice if it is. */
export function unfollow(promise: Promise<unknown>, follower: Follower): void {
  lists ??= new WeakMap()
  const list = lists.get(promise)
  if (list !== undefined) list.delete(follower)
  else lists.set(promise, listTo(promise))
}

/** A list that follows the promise for all who are on it. */
function listTo(promise: Promise<unknown>): Set<Follower> {
  const list = new Set<Follower>()
  const settled = (how: keyof Follower) => (outcome: unknown) => {
    lists?.delete(promise)
    for (const one of list) one[how](outcome)
  }
  listen(promise, { fulfilled: settled("fulfilled"), rejected: settled("rejected") })
  return list
}

function listen(promise: Promise<unknown>, follower: Follower): void {
  promise.then(
    (value) => follower.fulfilled(value),
    (reason: unknown) => follower.rejected(reason),
  )
}
