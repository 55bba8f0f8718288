import { CancelledError, describe, type Exit } from "../data/index.ts"
import { type RunOptions, Task } from "../task/index.ts"
import { FALLBACK, observableSymbol, type Observer, type Subscription, type TaskObservable } from "./observable.ts"

/**
 * An observable that runs the task for each subscription: it hands on the value and completes, or hands on the failure.
 * Unsubscribing cancels the fiber. A fiber that is cancelled from elsewhere fails the observer with `CancelledError`.
 *
 * The observer is an object of `next`, `error` and `complete`, each of which may be missing, or the `next` function
 * alone. A failure that no `error` is there to hear, and what the observer throws, goes to the runtime's failure hook, as
 * does the failure of a cleanup after unsubscribing. A value that is there at once is handed on within `subscribe`.
 *
 * @param options What `run` may be told, for the run of each subscription.
 * @throws TypeError at the call, if `task` is no Task.
 *
 * @example
 * ```ts
 * const heard: string[] = []
 * const observable = toObservable(Task.pure("hello"))
 * observable.subscribe({ next: (value) => heard.push(value), complete: () => heard.push("complete") })
 * heard // ["hello", "complete"]
 * ```
 */
export function toObservable<A>(task: Task<A, unknown>, options?: RunOptions): TaskObservable<A> {
  if (!(task instanceof Task)) throw new TypeError(`Expected toObservable to get a Task, got ${describe(task)}.`)
  const observable = {
    subscribe: (observer: GivenObserver<A>) => subscribe(task, observerOf(observer), options),
    [observableSymbol() ?? FALLBACK]: (): unknown => observable,
    [FALLBACK]: (): unknown => observable,
  }
  // The type says that the symbol is there, as the types of other libraries do; at run time not everybody has it.
  return observable as unknown as TaskObservable<A>
}

type GivenObserver<A> = Partial<Observer<A>> | ((value: A) => void)

function subscribe<A>(
  task: Task<A, unknown>,
  observer: Partial<Observer<A>>,
  options: RunOptions | undefined,
): Subscription {
  let closed = false
  let deaf = false
  const fiber = task.run(options)
  const takeBack = fiber.onExit((exit) => {
    closed = true
    tell(observer, exit, () => deaf)
  })
  return {
    unsubscribe() {
      deaf = true
      if (closed) return
      closed = true
      takeBack()
      fiber.abort()
    },
    get closed() {
      return closed
    },
  }
}

/** Who unsubscribes in `next` hears no `complete`. */
function tell<A>(observer: Partial<Observer<A>>, exit: Exit<A>, isDeaf: () => boolean): void {
  if (exit.status === "fulfilled") {
    try {
      observer.next?.(exit.value)
    } finally {
      if (!isDeaf()) observer.complete?.()
    }
  } else if (typeof observer.error === "function") {
    observer.error(exit.status === "rejected" ? exit.reason : new CancelledError(exit.reason))
  } else if (exit.status === "rejected") {
    // The hook is told of what a callback of `onExit` throws: the very object.
    throw exit.reason
  }
}

function observerOf<A>(observer: GivenObserver<A>): Partial<Observer<A>> {
  if (typeof observer === "function") return { next: observer }
  if (typeof observer === "object" && observer !== null) return observer
  throw new TypeError(
    `Expected subscribe to get an observer ({ next, error, complete }) or a function, got ${describe(observer)}.`,
  )
}
