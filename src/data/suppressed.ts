import { CancelledError } from "./cancelled-error.ts"

/**
 * The platform's `SuppressedError`, also where the global is missing (Node 20): `error` is the later failure, for
 * example of a cleanup, and `suppressed` the one that it would otherwise have hidden.
 */
export interface SuppressedError extends Error {
  readonly error: unknown
  readonly suppressed: unknown
}

const MESSAGE = "`error` came after `suppressed`"

class OwnSuppressedError extends Error implements SuppressedError {
  override readonly name = "SuppressedError"
  readonly error: unknown
  readonly suppressed: unknown

  constructor(error: unknown, suppressed: unknown, message: string) {
    super(message)
    this.error = error
    this.suppressed = suppressed
  }
}

/** True if `reason` is a cancellation, or joins one: it is then what a cleanup failed with. */
export function holdsCancellation(reason: unknown): boolean {
  const left = [reason]
  while (left.length > 0) {
    const one = left.pop()
    if (one instanceof CancelledError) return true
    if (one instanceof Error && one.name === "SuppressedError") {
      const joined = one as SuppressedError
      left.push(joined.error, joined.suppressed)
    }
  }
  return false
}

type Constructor = new (error: unknown, suppressed: unknown, message: string) => SuppressedError

/** Joins two failures so that neither is lost; the same failure twice stays itself. */
export function suppress(error: unknown, suppressed: unknown): unknown {
  if (error === suppressed) return error
  const Platform = (globalThis as { SuppressedError?: Constructor }).SuppressedError ?? OwnSuppressedError
  return new Platform(error, suppressed, MESSAGE)
}
