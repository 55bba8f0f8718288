import { Task } from "rapid-fiber"
import { MANY, type Shape, SOME } from "../shape.ts"

/** Masks, cleanups and handlers that are entered and left in one fiber. */
export const regions: readonly Shape[] = [
  {
    name: "uncancelable",
    origin: "effect#3440",
    rounds: SOME,
    open: () => ({ round: () => Task.uncancelable((restore) => restore(Task.yield()).andThen(Task.yield())) }),
  },
  {
    name: "uncancelable-left-by-cancellation",
    origin: "effect#6910",
    rounds: SOME,
    open: (watch) => {
      const masked = Task.uncancelable((restore) => restore(watch.counted(Task.never)).finally(Task.yield()))
      return { round: () => Task.race([masked, Task.yield()]) }
    },
  },
  {
    name: "bracket",
    origin: "effect#6081",
    rounds: SOME,
    open: (watch) => {
      const acquire = Task.sync(() => {
        watch.open++
        return watch.dropped({})
      })
      const used = Task.bracket(
        acquire,
        () => Task.yield(),
        () => void watch.open--,
      )
      return { round: () => used }
    },
  },
  {
    name: "bracket-cancelled",
    origin: "cats-effect#4489",
    rounds: SOME,
    open: (watch) => {
      const used = Task.bracket(
        Task.sync(() => void watch.open++),
        () => Task.never,
        () => Task.yield().tap(() => watch.open--),
      )
      return { round: () => Task.race([used, Task.yield()]) }
    },
  },
  {
    name: "cleanups",
    origin: "zio#9002",
    rounds: SOME,
    open: () => ({
      round: () =>
        Task.yield()
          .onCancel(() => {})
          .finally(Task.unit),
    }),
  },
  {
    name: "handled-failures",
    origin: "rapid",
    rounds: MANY,
    open: () => {
      const failing = Task.fail("e")
      return {
        round: () =>
          failing
            .tapError(() => {})
            .catch(() => Task.fail("f"))
            .attempt(),
      }
    },
  },
]
