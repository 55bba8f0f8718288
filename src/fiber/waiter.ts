/**
 * Waiting for what other fibers bring: a permit, an item, a turn. The primitives of src/sync are made of this.
 *
 *     perform ──▶ it is there: go on, in the same step
 *        │
 *        └──▶ wait ──▶ parked in the primitive's line ──serve──▶ queued, as the waiter ──▶ goes on as `then`
 *                                    │                                   │
 *                                    └─ cancelled: the place is given up ┴─ cancelled: what was given is given back
 *
 * What is given is never lost. A fiber that waits has its waiter where its next node stands, in the line and when it is
 * queued: a cancellation finds it there, whenever it comes. And what was given is in somebody's hands in the step that
 * ends the wait: `then` is what gives it back at its end (`held`), which is on the stack with nothing in between, or a
 * value (`handOver`), whose next frame, but for a handler or two, is a generator, which holds it from then on, a `restore`, under whose mask it is
 * safe, or the fiber's end.
 */
import type { Linked } from "../data/index.ts"
import { type Restore, Task } from "../task/index.ts"
import * as Op from "../task/node.ts"
import type { FiberCore, Wait } from "./fiber.ts"
import { FULFILL, type Mode } from "./state.ts"

/** A primitive, as those who wait in its line know it. */
export interface Owner {
  /** What is waited for, as a phrase for errors and dumps: "a permit of a semaphore". */
  readonly what: string
  /**
   * The fiber does not wait any more. It had been served: what it was given is to be given back. It had not: it is to be
   * taken out of the line, and the next one may have become able to go.
   */
  left(waiter: Waiter, served: boolean): void
}

const WAITING = 0
const SERVED = 1
const GONE = 2

/** A fiber's place in a line. What has it as its next node waits, or goes on. */
export class Waiter implements Linked<Waiter>, Wait {
  /** For the interpreter it is a node: waiting takes no other. */
  readonly tag = Op.Park
  prev: Waiter | undefined = undefined
  next: Waiter | undefined = undefined
  #stage: typeof WAITING | typeof SERVED | typeof GONE = WAITING
  readonly #fiber: FiberCore
  readonly owner: Owner
  /** How much is wanted, or what is brought, as the owner likes. */
  readonly load: unknown
  readonly #then: Task<unknown, unknown>

  /** @param then What the fiber goes on as when it has been served. */
  constructor(fiber: FiberCore, owner: Owner, load: unknown, then: Task<unknown, unknown>) {
    this.#fiber = fiber
    this.owner = owner
    this.load = load
    this.#then = then
  }

  get what(): string {
    return this.owner.what
  }

  /** Its turn has come; the owner has taken it out of the line. */
  serve(): void {
    this.#stage = SERVED
    this.#fiber.wake(this as unknown as Task<unknown, unknown>)
  }

  /** The same, when it is given what the running fiber had: it need not wait for another turn of the loop. */
  succeed(): void {
    this.#stage = SERVED
    this.#fiber.follow(this as unknown as Task<unknown, unknown>)
  }

  /** From the interpreter, when the fiber runs again: what it goes on as, with what it was given in hand. */
  go(): Task<unknown, unknown> {
    this.#stage = GONE
    sure(this.#fiber)
    return this.#then
  }

  /** It will not be served; the owner has taken it out of the line. It is given nothing, and goes on as `then`. */
  dismiss(then: Task<unknown, unknown>): void {
    this.#stage = GONE
    this.#fiber.wake(then)
  }

  /** Gives up the place, or what was given; once. */
  leave(): void {
    const stage = this.#stage
    if (stage === GONE) return
    this.#stage = GONE
    this.owner.left(this, stage === SERVED)
  }
}

/** Continues as what `f` makes of the fiber that runs it and of `on`, in one step. */
export function perform<On, A, E>(f: (fiber: FiberCore, on: On) => Task<A, E>, on: On): Task<A, E> {
  return new Task<A, E>(Op.Access, f, on)
}

/** `task`, and `release` at any outcome of it. If `perform` continues as this, nothing comes in between. */
export function held<A, E>(
  task: Task<A, E>,
  release: (fiber: FiberCore, task: unknown, mode: Mode) => void,
): Task<A, E> {
  return new Task<A, E>(Op.Leave, task, release)
}

/** What `perform` continues as in order to wait: the waiter is in its line. */
export function wait(waiter: Waiter): Task<never> {
  return waiter as unknown as Task<never>
}

/** Yields `value` to whoever waits for it, with nothing in between. */
export function handOver<A>(fiber: FiberCore, value: A): Task<A> {
  sure(fiber)
  return Task.pure(value)
}

/**
 * What `acquire` yields, handed over: for what is acquired in several steps. They are masked, as in a bracket; where a
 * cancellation is delivered as the mask comes down, `giveBack` gets it.
 */
export function acquired<A, E>(
  acquire: (restore: Restore) => Task<A, E>,
  giveBack: (value: A, fiber: FiberCore) => void,
): Task<A, E> {
  return perform(() => {
    let got: { readonly value: A } | undefined
    const masked = Task.uncancelable((restore) =>
      acquire(restore).map((value) => {
        got = { value }
        return value
      }),
    )
    return held(masked, (fiber, _task, mode) => {
      if (mode === FULFILL) sure(fiber)
      else if (got !== undefined) giveBack(got.value, fiber)
    })
  }, undefined)
}

/** Before fairness and cancellation get a word in: to become a value, to pass a handler or two, and to be delivered. */
const FEW = 4

function sure(fiber: FiberCore): void {
  if (fiber.loop.ops < FEW) fiber.loop.ops = FEW
}
