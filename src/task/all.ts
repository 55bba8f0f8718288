import { describe } from "../data/index.ts"
import type { ConcurrencyOptions, Crew, SignalOptions } from "./crew.ts"
import { limitOf, mustBeSignal, notATask } from "./errors.ts"
import * as Op from "./node.ts"
import { Task } from "./task.ts"

/**
 * The combinators that run several tasks: what each makes of its members' ends. Running them is the group's (fiber/group.ts).
 */
type AnyTask = Task<unknown, unknown>
type Verdict = Pick<Crew, "settled" | "ended">

/** Every member's value, in the order of the tasks; the first failure is the outcome. */
export function all(tasks: unknown, options: ConcurrencyOptions | undefined): Task<never> {
  return collecting("Task.all", tasks, options, (results) => (index, ok, value) => {
    if (!ok) return Task.fail(value)
    results[index] = value
    return undefined
  })
}

/** Every member's outcome. */
export function allSettled(tasks: unknown, options: ConcurrencyOptions | undefined): Task<never> {
  return collecting("Task.allSettled", tasks, options, (results) => (index, ok, value) => {
    results[index] = ok ? { status: "fulfilled", value } : { status: "rejected", reason: value }
    return undefined
  })
}

/** The first outcome, whatever it is. */
export function race(tasks: Iterable<AnyTask>, options: SignalOptions | undefined): Task<never> {
  return together("Task.race", listOf(tasks, "Task.race"), task, options, () => ({
    settled: (_, ok, value) => (ok ? Task.pure(value) : Task.fail(value)),
    ended: () => Task.never,
  }))
}

/** The first value; all failures if there is none. */
export function any(tasks: Iterable<AnyTask>, options: SignalOptions | undefined): Task<never> {
  return together("Task.any", listOf(tasks, "Task.any"), task, options, () => {
    const errors: unknown[] = []
    return {
      settled: (index, ok, value) => {
        if (ok) return Task.pure(value)
        errors[index] = value
        return undefined
      },
      results: errors,
      ended: () => Task.fail<unknown>(new AggregateError(errors, "Expected one task to succeed, got none that did.")),
    }
  })
}

/** A task for each item; nothing is kept. */
export function forEach<T>(
  items: Iterable<T>,
  f: (item: T, index: number) => AnyTask,
  options: ConcurrencyOptions | undefined,
): Task<never> {
  mustBeIterable(items, "Task.forEach")
  return together("Task.forEach", items, f, { ...options, concurrency: options?.concurrency ?? 1 }, () => ({
    settled: (_, ok, value) => (ok ? undefined : Task.fail(value)),
    ended: () => Task.unit,
  }))
}

/** Members whose results are kept in the shape of what was given: an array, or an object of the same keys. */
function collecting(
  name: string,
  tasks: unknown,
  options: ConcurrencyOptions | undefined,
  settle: (results: unknown[]) => Crew["settled"],
): Task<never> {
  const record = isRecord(tasks) ? tasks : undefined
  const keys = record && Object.keys(record)
  const list = record === undefined || keys === undefined ? tasks : keys.map((key) => record[key])
  const shaped = (results: unknown[]): unknown =>
    keys === undefined ? results : Object.fromEntries(keys.map((key, index) => [key, results[index]]))
  return together(name, listOf(list as Iterable<AnyTask>, name), task, options, () => {
    const results: unknown[] = []
    return {
      settled: settle(results),
      ended: () => Task.pure(shaped(results)),
      results,
    }
  })
}

/** A Group node whose members are made of items, one by one as they are needed. */
function together<T>(
  name: string,
  items: Iterable<T>,
  make: (item: T, index: number) => AnyTask,
  options: ConcurrencyOptions | undefined,
  verdict: () => Verdict & { readonly results?: unknown[] },
): Task<never> {
  const limit = limitOf(options?.concurrency)
  const signal = options?.signal
  mustBeSignal(signal)
  let used = false
  return new Task<never>(Op.Group, (): Crew => {
    const iterator = items[Symbol.iterator]()
    // An iterator that is its own iterable has one run in it.
    if ((iterator as unknown) === items && used) throw usedUp(name)
    used = true
    const { settled, ended, results } = verdict()
    let open = true
    return {
      limit,
      signal,
      settled,
      ended,
      next: (index) => {
        open = false
        const step = iterator.next()
        if (step.done) return undefined
        open = true
        // In order, so that the array stays dense however the members end.
        results?.push(undefined)
        const made = make(step.value, index)
        if (!(made instanceof Task)) throw notATask(made, `what ${name} runs`)
        return made
      },
      close: iterator.return === undefined ? undefined : () => void (open && iterator.return?.()),
    }
  })
}

const task = (given: AnyTask): AnyTask => given

/** A list is copied and checked where it is written; another iterable is asked as it is run. */
function listOf(given: Iterable<AnyTask>, name: string): Iterable<AnyTask> {
  mustBeIterable(given, name)
  if (!Array.isArray(given)) return given
  const list: unknown[] = given.slice()
  for (const one of list) if (!(one instanceof Task)) throw notATask(one, `each argument of ${name}`)
  return list as AnyTask[]
}

function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null && !(Symbol.iterator in given)
}

function mustBeIterable(given: unknown, name: string): void {
  if (
    typeof (given as Iterable<unknown> | undefined | null)?.[Symbol.iterator] === "function" &&
    !(given instanceof Task)
  )
    return
  throw new TypeError(`Expected ${name} to get an array or another iterable, got ${describe(given)}.`)
}

function usedUp(name: string): TypeError {
  return new TypeError(
    `Expected ${name} to get an iterable for each run, got an iterator that was used up by the first. Pass an array.`,
  )
}
