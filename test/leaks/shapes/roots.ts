import { Runtime, Task } from "rapid-fiber"
import { turn } from "../host-timers.ts"
import { FEW, type Shape, SOME } from "../shape.ts"

/** Roots that come and go in a runtime that lives on, and runtimes in a process. */
export const roots: readonly Shape[] = [
  {
    name: "roots",
    origin: "effect#3440",
    rounds: SOME,
    open: (watch) => {
      const root = watch.counted(Task.yield())
      return { edge: () => root.toPromise({ runtime: watch.runtime }) }
    },
  },
  {
    name: "roots-forgotten",
    origin: "effect#3440",
    rounds: FEW,
    width: 50,
    open: (watch) => {
      const root = watch.counted(Task.yield())
      return {
        edge: () => {
          for (let i = 0; i < 50; i++) root.runAndForget({ runtime: watch.runtime })
          return turn()
        },
      }
    },
  },
  {
    name: "roots-cancelled",
    origin: "zio#9002",
    rounds: SOME,
    open: (watch) => {
      const root = watch.counted(Task.never)
      return { edge: () => root.run({ runtime: watch.runtime }).cancel().toPromise() }
    },
  },
  {
    name: "roots-that-fail-unobserved",
    origin: "cats-effect#3085",
    rounds: SOME,
    open: (watch) => {
      const root = watch.counted(Task.fail("e"))
      return { round: () => Task.sync(() => root.runAndForget({ runtime: watch.runtime })).andThen(Task.yield()) }
    },
  },
  {
    name: "run-sync",
    origin: "effect#6651",
    rounds: SOME,
    open: (watch) => {
      const ends = watch.counted(Task.unit)
      const waits = watch.counted(Task.never).attempt()
      return {
        edge: () => {
          ends.runSync()
          try {
            waits.runSync()
          } catch {
            // It cannot end on the spot, and is cancelled.
          }
        },
      }
    },
  },
  {
    name: "runtimes",
    origin: "zio#9002",
    rounds: { short: 80, long: 8_000 },
    open: (watch) => ({
      edge: async () => {
        await using runtime = Runtime.make()
        watch.counted(Task.never).run({ runtime })
        watch.counted(Task.sleep({ hours: 1 })).run({ runtime })
        Task.sleep({ hours: 2 }).runAndForget({ runtime })
        await watch.counted(Task.yield()).toPromise({ runtime })
      },
    }),
  },
  {
    name: "runtimes-on-the-platforms-timers",
    origin: "effect#3057",
    rounds: SOME,
    open: (watch) => ({
      edge: async () => {
        await using runtime = Runtime.make({ clock: "platform" })
        watch.counted(Task.sleep({ hours: 1 })).run({ runtime })
        Task.sleep({ hours: 2 }).runAndForget({ runtime })
        await watch.counted(Task.yield()).toPromise({ runtime })
      },
    }),
  },
]
