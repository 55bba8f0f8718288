/**
 * How a stream is run: the protocol between a stage and the stage that it feeds.
 *
 * A stream is a plan. Running it opens a chain of pulls, from the last stage to the source, and asks the last one for
 * elements, one by one. `next` answers at once, with an element or with NONE; with NONE the run says which of two it is:
 *
 *     run.wait is a Task     run it, put what it yields into run.value, and ask again      (an effect, a pause, a close)
 *     run.wait is undefined  this was the last element
 *
 *     toArray ─next()─▶ filter ─next()─▶ map ─next()─▶ source       an element comes back through all of them by
 *        ◀── element or NONE ──┴─────────────┴───────────┘          returns alone: no promise, no object, no queue
 *
 * Why so. Synchronous stages are function calls, however many there are, and an element that is not asked for is not made:
 * `take(2)` asks twice. A stage that needs the interpreter hands out a Task, and is asked again in the state in which it
 * said so. Measured by `npm run bench -- stream`.
 *
 * Invariants.
 * 1. All state of a run is in the closures that `open` makes. Opening acquires nothing and calls nothing of the user's.
 * 2. One at a time: after NONE with a wait, `next` is called again when that Task has succeeded, and not before. After the
 *    end, after a throw, and after a wait that failed, only `close` is called.
 * 3. Who opens a pull closes it, once: when it has ended, when it has failed, and when it is not needed any more. A stage
 *    with one source passes `close` on. What is acquired is closed in reverse order.
 * 4. Sources count: each element that one makes is an operation of the fiber's budget (`run.may`). So a stream is as fair,
 *    and as soon cancelled, as any other program.
 */
import type { Exit } from "../data/index.ts"
import { type FiberCore, perform } from "../fiber/index.ts"
import { atOnce, isAtOnce, Task } from "../task/index.ts"
import { closed } from "./closing.ts"

export type AnyTask = Task<unknown, unknown>

/** No element: the run says why. */
export const NONE: unique symbol = Symbol("none")
export type None = typeof NONE

/** Asks for the next element. */
export type Next<A> = () => A | None

/** One run of one stage. */
export interface Pull<out A> {
  readonly next: Next<A>
  /** Ends what it has opened, and yields when that is done; undefined where there is nothing to end. */
  readonly close?: (() => AnyTask | undefined) | undefined
}

/** Makes a pull for one run. */
export type Open<out A> = (run: Run) => Pull<A>

/** What stages know of a stream. */
export interface Plan<out A> {
  readonly open: Open<A>
  /** A stream that is nothing but others, one after the other, says which: they are put in its place (op/concat.ts). */
  readonly parts: (() => readonly Plan<A>[]) | undefined
}

/** What the pulls of one chain share. They are all asked by one fiber at a time. */
export class Run {
  wait: AnyTask | undefined = undefined
  value: unknown = undefined
  /** Whose run it is. */
  readonly fiber: FiberCore
  #paused = false

  constructor(fiber: FiberCore) {
    this.fiber = fiber
  }

  /** Counts an operation; false where the fiber has to give way first (`pause`). After that it may. */
  may(): boolean {
    if (this.fiber.loop.spend()) return true
    const paused = this.#paused
    this.#paused = false
    return paused
  }

  /** Counts up to `count` operations more: as many as it says. */
  grant(count: number): number {
    const { loop } = this.fiber
    const granted = Math.max(0, Math.min(count, loop.ops))
    loop.ops -= granted
    return granted
  }

  /** What `task` yields: at once, or NONE; then it will be `value`. */
  perform<A>(task: Task<A, unknown>): A | None {
    return isAtOnce(task) && this.may() ? atOnce(task) : this.await(task)
  }

  pause(): None {
    this.#paused = true
    return this.await(Task.unit)
  }

  await(task: AnyTask): None {
    this.wait = task
    return NONE
  }

  end(): None {
    this.wait = undefined
    return NONE
  }

  /** NONE has come back, and it is the end. */
  get ended(): boolean {
    return this.wait === undefined
  }

  /** Milliseconds, by the clock of the runtime. */
  now(): number {
    return this.fiber.loop.clock.now()
  }

  /**
   * Starts a fiber beside the one that pulls. It is nobody's child, so that its failure is met where its elements are, and
   * who starts it stops it (`stopped`). `ended` hears how it came out.
   */
  start(task: AnyTask, name: string, ended: (exit: Exit<unknown>) => void = () => {}): FiberCore {
    const fiber = this.fiber.loop.start(this.fiber, task, { name, detached: true, here: true })
    fiber.onExit(ended)
    return fiber
  }
}

/** A stage with one source: it asks that one, and what is to be closed is the source's. */
export function stage<A, B>(from: Plan<A>, make: (next: Next<A>, run: Run) => Next<B>): Open<B> {
  return (run) => {
    const { next, close } = from.open(run)
    return { next: make(next, run), close }
  }
}

/** Runs a stream to its first element. Terminal operations are streams of one element. */
export function firstOf<A, E>(open: Open<A>): Task<A | undefined, E> {
  return perform((fiber) => {
    const run = new Run(fiber)
    const { next, close } = open(run)
    const step = (): Task<A | undefined, E> => {
      const element = next()
      if (element !== NONE) return Task.pure(element)
      return run.wait === undefined ? Task.pure(undefined) : (run.wait.flatMap(again) as Task<A | undefined, E>)
    }
    const again = (value: unknown): Task<A | undefined, E> => {
      run.value = value
      return step()
    }
    const body = perform(step, undefined)
    return close === undefined ? body : (body.finally(() => closed(close)) as Task<A | undefined, E>)
  }, undefined)
}
