import { Task } from "rapid-fiber"
import { type Shape, SOME } from "../shape.ts"

/** Signals that abort, a new one in each round; and the signals that the library hands out. */
export const aborts: readonly Shape[] = [
  {
    name: "run-signal-that-aborts",
    origin: "p-queue#235",
    rounds: SOME,
    open: (watch) => ({
      edge: async () => {
        const controller = watch.dropped(watch.controller())
        const fiber = watch.counted(Task.never).run({ signal: controller.signal, runtime: watch.runtime })
        controller.abort()
        await fiber.toPromise().catch(() => {})
      },
    }),
  },
  {
    name: "abort-on-that-aborts",
    origin: "node#54614",
    rounds: SOME,
    open: (watch) => ({
      round: () =>
        Task.defer(() => {
          const controller = watch.dropped(watch.controller())
          const abort = Task.sync(() => controller.abort("e"))
          return Task.all([watch.counted(Task.never).abortOn(controller.signal), abort]).attempt()
        }),
    }),
  },
  {
    name: "abort-after-the-end",
    origin: "p-timeout#42",
    rounds: SOME,
    open: (watch) => ({
      round: () =>
        Task.defer(() => {
          const controller = watch.dropped(watch.controller())
          return watch
            .counted(Task.yield())
            .abortOn(controller.signal)
            .tap(() => controller.abort())
        }),
    }),
  },
  {
    name: "promise-signal",
    origin: "effect#2285",
    rounds: SOME,
    open: (watch) => ({
      round: () => Task.promise((signal) => Promise.resolve(watch.dropped(watch.target(signal)).aborted)),
    }),
  },
  {
    name: "promise-signal-cancelled",
    origin: "rxjs#6442",
    rounds: SOME,
    open: (watch) => {
      const waiting = Task.promise((signal) => {
        watch.dropped(watch.target(signal))
        return new Promise<void>((resolve) => {
          const stop = (): void => {
            signal.removeEventListener("abort", stop)
            resolve()
          }
          signal.addEventListener("abort", stop)
        })
      })
      return { round: () => Task.race([waiting, Task.yield()]) }
    },
  },
  {
    name: "async-signal",
    origin: "effect#6533",
    rounds: SOME,
    open: (watch) => ({
      round: () =>
        Task.async<void>((resume, { signal }) => {
          watch.dropped(watch.target(signal))
          queueMicrotask(() => resume(Task.unit))
        }),
    }),
  },
  {
    name: "async-signal-cancelled",
    origin: "rxjs#5545",
    rounds: SOME,
    open: (watch) => {
      const waiting = Task.async<void>((_, { signal }) => {
        watch.dropped(watch.target(signal))
        watch.open++
        return () => void watch.open--
      })
      return { round: () => Task.race([waiting, Task.yield()]) }
    },
  },
]
