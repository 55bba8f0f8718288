import { Scope, Task } from "rapid-fiber"
import { type Shape, SOME } from "../shape.ts"

/** A scope that lives on forgets the fibers that have ended; one that ends, everything. */
export const scopes: readonly Shape[] = [
  {
    name: "scope-start",
    origin: "effect#3440, zio#7235",
    rounds: SOME,
    open: (watch) => {
      const scope = Scope.make()
      const started = scope.start(watch.counted(Task.yield()))
      return { round: () => started.flatMap((fiber) => fiber.join()), close: () => scope.close().toPromise() }
    },
  },
  {
    name: "scope-start-cancelled",
    origin: "effection#1080",
    rounds: SOME,
    open: (watch) => {
      const scope = Scope.make()
      const started = scope.start(watch.counted(Task.never))
      return { round: () => started.flatMap((fiber) => fiber.cancel()), close: () => scope.close().toPromise() }
    },
  },
  {
    name: "scope-of-the-program",
    origin: "effect#3440",
    rounds: SOME,
    open: (watch) => ({
      program: (step) =>
        Task.scoped((scope) => {
          const started = scope.start(watch.counted(Task.yield())).flatMap((fiber) => fiber.join())
          return Task.gen(function* () {
            for (;;) {
              yield* started
              yield* step
            }
          })
        }),
    }),
  },
  {
    name: "scoped",
    origin: "zio#9002",
    rounds: SOME,
    open: (watch) => {
      const acquire = Task.sync(() => {
        watch.open++
        return watch.dropped({})
      })
      const scoped = Task.scoped((scope) =>
        Task.gen(function* () {
          yield* scope.acquire(acquire, () => void watch.open--)
          yield* scope.defer(Task.yield())
          yield* scope.start(watch.counted(Task.never))
          yield* Task.yield()
        }),
      )
      return { round: () => scoped }
    },
  },
]
