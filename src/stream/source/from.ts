import { describe, isThenable } from "../../data/index.ts"
import { Task } from "../../task/index.ts"
import { type AnyTask, NONE, type Open, type Plan } from "../pull.ts"
import { asyncIterable } from "./async-iterable.ts"
import { oneRunEach } from "./only-once.ts"
import { readable } from "./readable.ts"
import { values } from "./values.ts"

/** Where items can be taken one by one: a Queue, a Subscription. */
export interface Takable<out A> {
  readonly size: number
  take(): Task<A, unknown>
  poll(): A | undefined
}

/** The plan of what is given, as it is where it is a stream. */
export function planOf<A>(given: unknown, where: string): Plan<A> {
  if (isPlan(given)) return given as Plan<A>
  return { open: openerOf<A>(given, where), parts: undefined }
}

function openerOf<A>(given: unknown, where: string): Open<A> {
  if (Array.isArray(given)) return values(given as A[])
  if (given instanceof Task) return one(given as Task<A, unknown>)
  if (has(given, "take") && has(given, "poll")) return taken(given as Takable<A>)
  if (has(given, "getReader")) return readable(given as ReadableStream<A>, where)
  if (has(given, Symbol.asyncIterator)) return asyncIterable(given as AsyncIterable<A>, where)
  if (has(given, Symbol.iterator)) return iterated(given as Iterable<A>, where)
  const remedy = isThenable(given) ? " For a promise: Task.promise(() => …)." : ""
  throw new TypeError(`Expected ${where} to be a Stream or something iterable, got ${describe(given)}.${remedy}`)
}

function isPlan(given: unknown): boolean {
  return has(given, "open") && "parts" in (given as object)
}

function has(given: unknown, method: PropertyKey): boolean {
  return typeof (given as Record<PropertyKey, unknown> | undefined | null)?.[method] === "function"
}

/** What a Task yields. */
function one<A>(task: Task<A, unknown>): Open<A> {
  return (run) => {
    let state = 0
    return {
      next() {
        if (state === 2) return run.end()
        if (state++ === 1) return run.value as A
        const value = run.perform(task)
        if (value !== NONE) state = 2
        return value
      },
    }
  }
}

/** Items as they come, until it is closed. */
function taken<A>(from: Takable<A>): Open<A> {
  return (run) => {
    let waiting = false
    let ended = false
    // By its name: the class is not worth its bytes here.
    const take: AnyTask = from.take().catch((error) => {
      if ((error as { name?: unknown } | undefined)?.name !== "ClosedError") return Task.fail(error)
      ended = true
      return Task.unit
    })
    return {
      next() {
        if (ended) return run.end()
        if (waiting) {
          waiting = false
          return run.value as A
        }
        if (from.size > 0 && run.may()) return from.poll() as A
        waiting = true
        return run.await(take)
      },
    }
  }
}

function iterated<A>(from: Iterable<A>, where: string): Open<A> {
  const begin = oneRunEach<Iterator<A>>(from, where)
  return (run) => {
    let iterator: Iterator<A> | undefined
    let open = false
    return {
      next() {
        if (!run.may()) return run.pause()
        iterator ??= begin(from[Symbol.iterator]())
        // What throws has ended.
        open = false
        const step = iterator.next()
        if (step.done) return run.end()
        open = true
        return step.value
      },
      close: () => (open ? Task.sync(() => iterator?.return?.()) : undefined),
    }
  }
}
