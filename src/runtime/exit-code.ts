import { describe, type Exit } from "../data/index.ts"

/** What shells add to the number of a signal. */
const SIGNALLED = 128
/** Where the host does not say. */
const NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15, SIGBREAK: 21 }
/** Nobody can listen for these. */
const DEAF = new Set(["SIGKILL", "SIGSTOP"])

/** The host's signals by name; undefined where it does not tell. */
function signalNumbers(): Readonly<Record<string, number>> | undefined {
  const host = (globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } }).process
  const os = host?.getBuiltinModule?.("os") as { constants?: { signals?: Record<string, number> } } | undefined
  return os?.constants?.signals
}

/** The host knows this signal, or does not tell which it knows. */
export function isSignal(name: string): boolean {
  const known = signalNumbers()
  return known === undefined || Object.hasOwn(known, name)
}

/** Where nobody tells which signals there are, each name is taken for one. */
export function mustBeSignals(given: unknown, option: string): void {
  const wrong = (got: unknown): RangeError =>
    new RangeError(
      `Expected \`${option}\` to be a list of signals that can be heard, such as SIGTERM, got ${describe(got)}.`,
    )
  if (!Array.isArray(given)) throw wrong(given)
  for (const name of given as unknown[]) {
    if (typeof name !== "string" || DEAF.has(name) || !isSignal(name)) throw wrong(name)
  }
}

/** The code of a process that a signal has ended before it was ready. */
export function codeOfSignal(signal: string): number {
  return SIGNALLED + (signalNumbers()?.[signal] ?? NUMBERS[signal] ?? 0)
}

/**
 * 0 for a value, 1 for a failure. A program that was asked to end by SIGTERM and did is as it should be: 0; one that a
 * person has interrupted has not done what it was started for: 130 (SIGINT), so that a script stops there, too.
 */
export function codeOf(exit: Exit<unknown>, signal: string | undefined): number {
  if (exit.status === "fulfilled") return 0
  if (exit.status === "rejected" || signal === undefined) return 1
  return signal === "SIGTERM" ? 0 : codeOfSignal(signal)
}

export function mustBeCode(code: unknown): number {
  if (typeof code === "number" && Number.isInteger(code) && code >= 0 && code <= 255) return code
  throw new RangeError(`Expected \`exitCode\` to return an integer from 0 to 255, got ${describe(code)}.`)
}
