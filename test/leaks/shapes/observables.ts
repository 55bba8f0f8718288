import { fromObservable, type Observer, Task, toObservable } from "rapid-fiber"
import { type Shape, SOME } from "../shape.ts"
import type { Watch } from "../watch.ts"

/** A source that lives on, and what makes it emit. */
function sourceIn(watch: Watch) {
  const observers = new Set<Observer<object>>()
  watch.listening(() => observers.size)
  return {
    subscribe(observer: Observer<object>, options?: { readonly signal: AbortSignal }) {
      if (options !== undefined) watch.dropped(watch.target(options.signal))
      observers.add(observer)
      return () => observers.delete(observer)
    },
    emit: Task.sync(() => {
      for (const observer of observers) observer.next(watch.dropped({}))
    }),
  }
}

/** Subscriptions of both directions. */
export const observables: readonly Shape[] = [
  {
    name: "from-observable",
    origin: "rxjs#5034",
    rounds: SOME,
    open: (watch) => {
      const source = sourceIn(watch)
      const first = watch.counted(fromObservable(source, { take: "first" }))
      return { round: () => Task.all([first, Task.yield().andThen(source.emit)]) }
    },
  },
  {
    name: "from-observable-cancelled",
    origin: "rxjs#5931",
    rounds: SOME,
    open: (watch) => {
      const source = sourceIn(watch)
      const last = watch.counted(fromObservable(source))
      return { round: () => Task.race([last, Task.yield().andThen(source.emit)]) }
    },
  },
  {
    name: "to-observable",
    origin: "rxjs#3336",
    rounds: SOME,
    open: (watch) => {
      const task = watch.counted(Task.yield().map(() => watch.dropped({})))
      const observable = toObservable(task, { runtime: watch.runtime })
      return { edge: () => new Promise<void>((complete) => void observable.subscribe({ complete })) }
    },
  },
  {
    name: "to-observable-unsubscribed",
    origin: "effect#5221",
    rounds: SOME,
    open: (watch) => {
      const observable = toObservable(watch.counted(Task.never), { runtime: watch.runtime })
      return {
        edge: async () => {
          const subscription = observable.subscribe({ next: () => {} })
          await Promise.resolve()
          subscription.unsubscribe()
        },
      }
    },
  },
  {
    name: "to-observable-signal",
    origin: "effect#3774, p-queue#235",
    rounds: SOME,
    open: (watch) => {
      const { signal } = watch.controller()
      const observable = toObservable(watch.counted(Task.never), { runtime: watch.runtime, signal })
      return {
        edge: () => {
          observable.subscribe({}).unsubscribe()
          return Promise.resolve()
        },
      }
    },
  },
]
