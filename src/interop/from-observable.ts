import { describe } from "../data/index.ts"
import { Task } from "../task/index.ts"
import { EmptyError } from "./empty-error.ts"
import {
  FALLBACK,
  observableSymbol,
  type ObservableLike,
  type Observer,
  type Subscribable,
  type Subscription,
} from "./observable.ts"

/**
 * Waits for a value of an observable: the last one before it completes, or with `take: "first"` the first. Each run
 * subscribes anew, and unsubscribes at the first value that it takes, on completion, on failure and on cancellation. An
 * error of the observable, or thrown by `subscribe`, is the failure, the same object; one that completes without a value
 * fails with `EmptyError`. One that never completes has no last value, and the task waits until it is cancelled.
 *
 * An observable is what has `[Symbol.observable]()` or `["@@observable"]()`, or else `subscribe({ next, error, complete })`
 * itself. It may return a function or an object with `unsubscribe`, or heed the signal that it is handed, as the
 * observables of browsers do.
 *
 * @param options.take Default "last".
 * @throws TypeError at the call, if it is no observable.
 *
 * @example
 * ```ts
 * const numbers = {
 *   subscribe(observer) {
 *     for (const n of [1, 2, 3]) observer.next(n)
 *     observer.complete()
 *   },
 * }
 * await fromObservable(numbers) // 3
 * await fromObservable(numbers, { take: "first" }) // 1
 * ```
 */
export function fromObservable<A>(
  observable: ObservableLike<A>,
  options?: { readonly take?: "first" | "last" },
): Task<A, EmptyError> {
  const take = options?.take ?? "last"
  if (take !== "first" && take !== "last") {
    throw new TypeError(`Expected \`take\` of fromObservable to be "first" or "last", got ${describe(take)}.`)
  }
  mustBeObservable(observable)
  return Task.async<A, EmptyError>((resume) => {
    let last: Task<A> | undefined
    const listening = new Listening()
    const settle = (outcome: Task<A, EmptyError>): void => {
      try {
        listening.stop()
      } finally {
        resume(outcome)
      }
    }
    listening.start(subscribableOf(observable), {
      next(value) {
        last = Task.pure(value)
        if (take === "first") settle(last)
      },
      error: (error) => settle(Task.fail(error) as Task<never>),
      complete: () => settle(last ?? Task.fail(none())),
    })
    return () => listening.stop()
  })
}

/** One subscription, which may be over before `subscribe` has returned. */
class Listening {
  #open = true
  #subscription: unknown
  readonly #controller = new AbortController()

  start<A>(source: Subscribable<A>, observer: Observer<A>): void {
    // The function that the type asks for, besides, is for inference alone.
    const handed = observer as Observer<A> & ((value: A) => void)
    const subscription = source.subscribe(handed, { signal: this.#controller.signal })
    if (this.#open) this.#subscription = subscription
    else unsubscribe(subscription)
  }

  stop(): void {
    if (!this.#open) return
    this.#open = false
    this.#controller.abort()
    const subscription = this.#subscription
    this.#subscription = undefined
    unsubscribe(subscription)
  }
}

function unsubscribe(subscription: unknown): void {
  if (typeof subscription === "function") subscription()
  else (subscription as Partial<Subscription> | undefined | null)?.unsubscribe?.()
}

type Methods = Readonly<Record<PropertyKey, unknown>>

/** What the interop method gives comes first: the `subscribe` of a store, beside it, takes something else. */
function subscribableOf<A>(observable: ObservableLike<A>): Subscribable<A> {
  const key = interopKey(observable)
  if (key === undefined) return observable as Subscribable<A>
  const given = (observable as unknown as Record<PropertyKey, () => unknown>)[key]()
  if (hasSubscribe(given)) return given as Subscribable<A>
  throw new TypeError(`Expected [Symbol.observable]() to return an object with \`subscribe\`, got ${describe(given)}.`)
}

function mustBeObservable(given: unknown): void {
  if (interopKey(given) !== undefined || hasSubscribe(given)) return
  throw new TypeError(
    "Expected fromObservable to get an observable, an object with `subscribe` or `[Symbol.observable]`, got " +
      `${describe(given)}. For a promise: Task.promise; for callbacks: Task.async.`,
  )
}

function hasSubscribe(given: unknown): boolean {
  return typeof (given as Methods | undefined | null)?.["subscribe"] === "function"
}

function interopKey(given: unknown): PropertyKey | undefined {
  const methods = (given ?? {}) as Methods
  return [observableSymbol(), FALLBACK].find((key) => key !== undefined && typeof methods[key] === "function")
}

function none(): EmptyError {
  return new EmptyError(
    "Expected the observable to emit a value before it completes, got none. " +
      "For a value in its place: .catch(EmptyError, () => Task.pure(…)).",
  )
}
