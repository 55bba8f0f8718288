import { isThenable } from "../data/index.ts"
import { type FiberCore, perform } from "../fiber/index.ts"
import {
  acquiring,
  mustBeFunction,
  mustBeTaskOrFunction,
  mustKnow,
  notATask,
  type Restore,
  Task,
} from "../task/index.ts"
import { ClosedError } from "./closed-error.ts"
import { mustBeCountOrInfinity } from "./count.ts"
import { PermitLine, type Refusal } from "./permit-line.ts"

/** What `Actor.make` is told. */
export interface ActorOptions<R, E = never> {
  /** Makes the resource, when it is first asked for; not interrupted, but where a function of `restore` says so. */
  readonly create: Task<R, E> | ((restore: Restore) => Task<R, E>)
  /** Ends it, after the last request. Default: nothing. */
  readonly destroy?: (resource: R) => Task<unknown, unknown> | void
  /** How many requests may wait; more fail with `MailboxFullError`. An integer >= 1. Default Infinity. */
  readonly mailbox?: number
}

/** A request was refused: as many wait already as the actor allows. */
export class MailboxFullError extends Error {
  override readonly name = "MailboxFullError"
  /** How many wait. */
  readonly mailbox: number

  constructor(mailbox: number) {
    super(`Expected room for a request, got a mailbox with ${mailbox} waiting. Ask later, or make it larger.`)
    this.mailbox = mailbox
  }
}

/**
 * A resource that is touched by one request at a time, in the order of asking: a connection that cannot do two things
 * at once, a file that is appended to. It is made at the first request; a failure to make it is the failure of that
 * request, and the next one tries again. A request that is cancelled while it waits is never begun.
 *
 * @example
 * ```ts
 * const log: string[] = []
 * const file = Actor.make({ create: Task.sync(() => log), destroy: (lines) => void lines.push("closed") })
 * const append = (line: string) => file.ask((lines) => Task.sleep(1).map(() => lines.push(line)))
 * await Task.all([append("a"), append("b")])
 * await file.close()
 * log // ["a", "b", "closed"]
 * ```
 */
export class Actor<R, E = never> implements AsyncDisposable {
  readonly #options: ActorOptions<R, E>
  readonly #mailbox: number
  readonly #line = new PermitLine(1, "its turn at an actor", true)
  #resource: { readonly value: R } | undefined
  #closed = false
  readonly #refusal: Refusal = (fiber) => {
    if (this.#line.holder === fiber) return Task.fail(asksItself())
    if (this.#closed) return Task.fail(new ClosedError("actor"))
    const full = this.#line.waiting >= this.#mailbox
    return full ? Task.fail(new MailboxFullError(this.#mailbox)) : undefined
  }

  private constructor(options: ActorOptions<R, E>) {
    this.#options = options
    this.#mailbox = options.mailbox ?? Infinity
  }

  /**
   * Makes one. It makes its resource when it is first asked.
   *
   * @throws RangeError, TypeError for options out of their range.
   */
  static make<R, E = never>(options: ActorOptions<R, E>): Actor<R, E> {
    mustKnow(options, ["create", "destroy", "mailbox"], "Actor.make")
    mustBeTaskOrFunction(options.create, "Actor.make (create)")
    if (options.destroy !== undefined) mustBeFunction(options.destroy, "Actor.make (destroy)")
    if (options.mailbox !== undefined) mustBeCountOrInfinity(options.mailbox, "mailbox")
    return new Actor(options)
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#line.waiting
  }

  /**
   * Runs `f` with the resource when all requests before it have ended; a Task that `f` returns is part of the request. Fails
   * with `ClosedError` once it is closed, with `MailboxFullError` where too many wait, and with a TypeError inside a request
   * of the same fiber, which would wait for itself.
   */
  ask<A, E2 = never>(f: (resource: R) => A | Task<A, E2>): Task<A, E | E2 | ClosedError | MailboxFullError> {
    mustBeFunction(f, "actor.ask")
    const request = Task.defer((): Task<A, E | E2> => {
      if (this.#resource === undefined) return this.#made().flatMap(run)
      return run(this.#resource.value)
    })
    const run = (resource: R): Task<A, E2> => {
      const made = f(resource)
      if (made instanceof Task) return made
      if (isThenable(made)) throw notATask(made, "what the function of actor.ask returns")
      return Task.pure(made)
    }
    return this.#line.using<A, E | E2 | ClosedError | MailboxFullError>(1, request, this.#refusal)
  }

  /**
   * Refuses what is asked from now on, serves those who wait, then destroys the resource, and fails as that does. Cancelled
   * while it waits, the actor stays closed, and another `close` goes on.
   */
  close(): Task<void, unknown> {
    const end = Task.uncancelable(() => {
      const resource = this.#resource
      this.#resource = undefined
      if (resource === undefined) return Task.unit
      return Task.unit.finally(() => this.#options.destroy?.(resource.value))
    })
    return perform((fiber: FiberCore) => {
      if (this.#line.holder === fiber) return Task.fail(asksItself())
      this.#closed = true
      return this.#line.closing(1, end)
    }, undefined)
  }

  /** For `await using`: closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close().toPromise()
  }

  #made(): Task<R, E> {
    return Task.uncancelable((restore) =>
      acquiring(this.#options.create, restore).map((value) => {
        this.#resource = { value }
        return value
      }),
    )
  }
}

function asksItself(): TypeError {
  return new TypeError(
    "Expected a request to leave its actor alone, got one that asks or closes it: it would wait for itself. " +
      "Use the resource that it was given.",
  )
}
