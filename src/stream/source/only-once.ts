/** For what has one run in it: the second one is told so, instead of finding nothing. */
export function onlyOnce(message: string): () => void {
  let used = false
  return () => {
    if (used) throw new TypeError(message)
    used = true
  }
}
