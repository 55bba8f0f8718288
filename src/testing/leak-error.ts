/** A program has ended and left something running: `message` lists who waits for what, and who sleeps. */
export class LeakError extends Error {
  override readonly name = "LeakError"
}
