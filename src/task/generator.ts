import * as Op from "./node.ts"
import type { Task } from "./task.ts"

/**
 * How `yield*` inside `Task.gen` talks to the interpreter.
 *
 * `yield* task` asks the task for an iterator and calls its `next`. All tasks share one iterator, the cursor: between the
 * asking and the call nothing can come in between, so it need not remember more than the last task asked. The first
 * `next` completes a synchronous operation on the spot (one return, the generator does not suspend) or yields the task
 * to the interpreter; the interpreter later resumes the generator with the value, which arrives at the cursor's second
 * `next` and is passed on.
 *
 * `drive` is the interpreter's side: whether a generator of its is running this instant, and which call is under way.
 */
export interface Driver {
  /** Counts one operation; false when the loop wants control back (budget used up, cancellation). */
  spend(): boolean
}

export const drive: {
  /** Who drives the generator that runs now; undefined outside `Task.gen`. */
  driver: Driver | undefined
  /** True while the interpreter resumes a generator that waits at a `yield*`. */
  resuming: boolean
  /** The task that the cursor yielded last: anything else that comes out of a generator was yielded without the star. */
  handed: Task<unknown, unknown> | undefined
  /** The result with which the cursor completes a `yield*`: one for all, emptied by the interpreter. */
  readonly done: { readonly done: true; value: unknown }
} = { driver: undefined, resuming: false, handed: undefined, done: { done: true, value: undefined } }

/** What comes out of a generator at `yield*`: opaque, so that a `yield` without the star does not type-check. */
export interface Yielded<out E> {
  readonly " yield* a Task, with the star": E
}

/** What a Task gives to `yield*`. */
export type TaskIterator<A, E> = Iterator<Yielded<E>, A>

/** The declared failures of everything that a generator yields. */
export type FailureOfYielded<Y> = Y extends Yielded<infer E> ? E : never

class Cursor {
  /** The task that was asked for an iterator and has not been asked for `next` yet. */
  asked: Task<unknown, unknown> | undefined
  next(sent?: unknown): IteratorResult<unknown, unknown> {
    if (drive.resuming) {
      drive.resuming = false
      return this.#complete(sent)
    }
    const task = this.asked
    const driver = drive.driver
    this.asked = undefined
    // `yield*` passes an argument even to the first `next`; a spread, a loop and Array.from pass none.
    if (driver === undefined || arguments.length === 0 || task === undefined) throw notIterable()
    if (task.tag <= Op.Sync && driver.spend()) {
      return this.#complete(task.tag === Op.Pure ? task.a : this.#call(task.a))
    }
    drive.handed = task
    return { done: false, value: task }
  }

  return(value?: unknown): IteratorResult<unknown, unknown> {
    drive.resuming = false
    return { done: true, value }
  }

  throw(error?: unknown): never {
    drive.resuming = false
    throw error
  }

  /** Calls a function of the user's, in which another generator is not driven by the interpreter. */
  #call(f: () => unknown): unknown {
    const driver = drive.driver
    drive.driver = undefined
    try {
      return f()
    } finally {
      drive.driver = driver
    }
  }

  #complete(value: unknown): IteratorResult<unknown, unknown> {
    drive.done.value = value
    return drive.done
  }
}

const cursor = new Cursor()

/** The iterator behind `yield* task`. */
export function iterate<A, E>(task: Task<A, E>): TaskIterator<A, E> {
  cursor.asked = task
  return cursor as unknown as TaskIterator<A, E>
}

function notIterable(): TypeError {
  return new TypeError(
    "Expected `yield* task` in Task.gen, got another iteration of a Task: nothing was run. Elsewhere: `await task`.",
  )
}
