import { describe, isThenable } from "../data/index.ts"
import { Task } from "./task.ts"

/** For arguments that must be functions, where the description is built. */
export function mustBeFunction(given: unknown, where: string): void {
  if (typeof given === "function") return
  throw new TypeError(`Expected ${where} to get a function, got ${describe(given)}.`)
}

/** For arguments that must be Tasks. */
export function mustBeTask(given: unknown, where: string): void {
  if (!(given instanceof Task)) throw notATask(given, where)
}

/** For cleanups and for what acquires: a Task, or a function that makes one. */
export function mustBeTaskOrFunction(given: unknown, where: string): void {
  if (given instanceof Task || typeof given === "function") return
  throw new TypeError(`Expected ${where} to get a Task or a function, got ${describe(given)}.`)
}

/** For the class that `catch` is given before its handler. */
export function mustBeClass(given: unknown): void {
  if (typeof (given as { prototype?: unknown } | undefined)?.prototype === "object") return
  throw new TypeError(
    `Expected catch(Class, handler) to get a class, got ${describe(given)}. For every failure: catch(handler).`,
  )
}

/** For every signal, where it is given. */
export function mustBeSignal(given: unknown): void {
  if (typeof (given as { addEventListener?: unknown } | undefined | null)?.addEventListener === "function") return
  throw new TypeError(
    `Expected \`signal\` to be an AbortSignal, got ${describe(given)}. Of a controller: controller.signal.`,
  )
}

/** For options: a misspelt one would be silently ignored. */
export function mustKnow(given: object | undefined, known: readonly string[], where: string): void {
  if (typeof given !== "object" || given === null) {
    if (given === undefined) return
    throw new TypeError(`Expected the options of ${where} to be an object, got ${describe(given)}.`)
  }
  const unknown = Object.keys(given).find((key) => !known.includes(key))
  if (unknown === undefined) return
  throw new TypeError(`Expected the options of ${where} to be among ${known.join(", ")}, got \`${unknown}\`.`)
}

/** A `concurrency`, Infinity if there is none. */
export function limitOf(given: number = Infinity): number {
  if (given === Infinity || (Number.isInteger(given) && given >= 1)) return given
  throw new RangeError(`Expected \`concurrency\` to be an integer >= 1 or Infinity, got ${describe(given)}.`)
}

/** For callbacks that must return a Task and returned something else. */
export function notATask(given: unknown, where: string): TypeError {
  return new TypeError(`Expected ${where} to be a Task, got ${describe(given)}. ${remedy(given, where)}`)
}

function remedy(given: unknown, where: string): string {
  if (isThenable(given)) return "Wrap it: Task.promise(() => …)."
  if (where.includes("flatMap")) return "For a plain value use map."
  if (typeof given === "function") return "Call it, or wrap it: Task.defer(…)."
  return "For a plain value use Task.pure."
}
