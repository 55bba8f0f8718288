import { describe, isThenable } from "../data/index.ts"
import type { ConcurrencyOptions, Crew, SignalOptions } from "./crew.ts"
import { limitOf, mustBeSignal, mustKnow, notATask } from "./errors.ts"
import * as Op from "./node.ts"
import { Task } from "./task.ts"

/**
 * The combinators that run several tasks: what each makes of its members' ends. Running them is the group's
 * (fiber/group.ts).
 */
type AnyTask = Task<unknown, unknown>

/** What a combinator is, whichever tasks it is given. */
interface Rule {
  /** Something is kept of each member. */
  readonly keeps: boolean
  /** A member has ended: an outcome, or undefined to go on. */
  readonly settled: (results: unknown[], index: number, ok: boolean, value: unknown) => AnyTask | undefined
  /** All have ended: the outcome, or undefined if there is none. */
  readonly ended: (results: unknown[]) => AnyTask | undefined
}

const collect: Rule = {
  keeps: true,
  settled(results, index, ok, value) {
    if (!ok) return Task.fail(value)
    results[index] = value
    return undefined
  },
  ended: (results) => Task.pure(results),
}

const collectOutcomes: Rule = {
  keeps: true,
  settled(results, index, ok, value) {
    results[index] = ok ? { status: "fulfilled", value } : { status: "rejected", reason: value }
    return undefined
  },
  ended: (results) => Task.pure(results),
}

const firstToSettle: Rule = {
  keeps: false,
  settled: (_results, _index, ok, value) => (ok ? Task.pure(value) : Task.fail(value)),
  ended: () => undefined,
}

const firstToSucceed: Rule = {
  keeps: true,
  settled(errors, index, ok, value) {
    if (ok) return Task.pure(value)
    errors[index] = value
    return undefined
  },
  ended: (errors) => Task.fail<unknown>(new AggregateError(errors, "Expected one task to succeed, got none.")),
}

const allToSucceed: Rule = {
  keeps: false,
  settled: (_results, _index, ok, value) => (ok ? undefined : Task.fail(value)),
  ended: () => Task.unit,
}

export function all(tasks: unknown, options: ConcurrencyOptions | undefined): Task<never> {
  return collecting("Task.all", collect, tasks, options)
}

export function allSettled(tasks: unknown, options: ConcurrencyOptions | undefined): Task<never> {
  return collecting("Task.allSettled", collectOutcomes, tasks, options)
}

export function race(tasks: unknown, options: SignalOptions | undefined): Task<never> {
  return together("Task.race", firstToSettle, listOf(tasks, "Task.race"), options)
}

export function any(tasks: unknown, options: SignalOptions | undefined): Task<never> {
  return together("Task.any", firstToSucceed, listOf(tasks, "Task.any"), options)
}

export function forEach<T>(
  items: Iterable<T>,
  f: (item: T, index: number) => AnyTask,
  options: ConcurrencyOptions | undefined,
): Task<never> {
  mustBeIterable(items, "Task.forEach")
  return together("Task.forEach", allToSucceed, items, options, f, 1)
}

/** The results in the shape of what was given: an array, or an object of the same keys. */
function collecting(name: string, rule: Rule, tasks: unknown, options: ConcurrencyOptions | undefined): Task<never> {
  if (!isRecord(tasks)) return together(name, rule, listOf(tasks, name), options)
  const keys = Object.keys(tasks)
  const values = keys.map((key) => tasks[key])
  const shape = (results: unknown[]): unknown => Object.fromEntries(keys.map((key, index) => [key, results[index]]))
  return together(name, rule, listOf(values, name), options).map(shape) as Task<never>
}

/** A Group node whose members are made of items, one by one as they are needed. */
function together<T>(
  name: string,
  rule: Rule,
  items: Iterable<T>,
  options: ConcurrencyOptions | undefined,
  make?: (item: T, index: number) => unknown,
  concurrency = Infinity,
): Task<never> {
  mustKnow(options, ["concurrency", "signal"], name)
  const limit = limitOf(options?.concurrency ?? concurrency)
  const signal = options?.signal
  if (signal !== undefined) mustBeSignal(signal)
  // Without a function, an array is one that `listOf` has made and checked: it is read without its iterator.
  const list = make === undefined && Array.isArray(items) ? (items as AnyTask[]) : undefined
  let used = false
  return new Task(Op.Group, () => {
    const iterator = items[Symbol.iterator]()
    // An iterator that is its own iterable has one run in it.
    if ((iterator as unknown) === items && used) throw usedUp(name)
    used = true
    return new Members(name, rule, list, iterator, make, limit, signal)
  })
}

/** The members of one run, of a list or of an iterator. */
class Members<T> implements Crew {
  readonly limit: number
  readonly signal: AbortSignal | undefined
  readonly timeout = undefined
  readonly late = undefined
  readonly #name: string
  readonly #rule: Rule
  readonly #list: readonly AnyTask[] | undefined
  readonly #iterator: Iterator<T>
  readonly #make: ((item: T, index: number) => unknown) | undefined
  /** Dense however the members end: as long as the list, a result in the place of its task, or growing as they start. */
  readonly #results: unknown[]
  /** The iterator has something to close. */
  #open: boolean

  constructor(
    name: string,
    rule: Rule,
    list: readonly AnyTask[] | undefined,
    iterator: Iterator<T>,
    make: ((item: T, index: number) => unknown) | undefined,
    limit: number,
    signal: AbortSignal | undefined,
  ) {
    this.#name = name
    this.#rule = rule
    this.#list = list
    this.#iterator = iterator
    this.#make = make
    this.limit = limit
    this.signal = signal
    this.#results = list?.slice() ?? []
    this.#open = list === undefined
  }

  next(index: number): AnyTask | undefined {
    const list = this.#list
    // To read beyond the end would make this read a slow one.
    if (list !== undefined) return index < list.length ? list[index] : undefined
    this.#open = false
    const step = this.#iterator.next()
    if (step.done) return undefined
    this.#open = true
    if (this.#rule.keeps) this.#results.push(undefined)
    const make = this.#make
    const made: unknown = make === undefined ? step.value : make(step.value, index)
    if (!(made instanceof Task)) throw notATask(made, `what ${this.#name} runs`)
    return made
  }

  settled(index: number, ok: boolean, value: unknown): AnyTask | undefined {
    return this.#rule.settled(this.#results, index, ok, value)
  }

  ended(): AnyTask | undefined {
    return this.#rule.ended(this.#results)
  }

  close(): void {
    if (this.#open) this.#iterator.return?.()
  }
}

/** A list is copied and checked where it is written; another iterable is asked as it is run. */
function listOf(given: unknown, name: string): Iterable<unknown> {
  mustBeIterable(given, name)
  if (!Array.isArray(given)) return given
  const list: unknown[] = given.slice()
  for (const one of list) if (!(one instanceof Task)) throw notATask(one, `each argument of ${name}`)
  return list
}

function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null && !(Symbol.iterator in given) && !isThenable(given)
}

function mustBeIterable(given: unknown, name: string): asserts given is Iterable<unknown> {
  const iterable = typeof (given as Iterable<unknown> | undefined | null)?.[Symbol.iterator] === "function"
  // A Task is iterable for the sake of `yield*`.
  if (iterable && !(given instanceof Task)) return
  throw new TypeError(`Expected ${name} to get an array or another iterable, got ${describe(given)}.`)
}

function usedUp(name: string): TypeError {
  return new TypeError(`Expected ${name} to get an iterable, got an iterator: it is used up. Pass an array.`)
}
