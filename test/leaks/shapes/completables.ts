import { Task } from "rapid-fiber"
import { MANY, type Shape, SOME } from "../shape.ts"

/** Waits for a value that nobody brings, and values that are brought. */
export const completables: readonly Shape[] = [
  {
    name: "completable-raced",
    origin: "fs2-kafka#1318",
    rounds: SOME,
    open: (watch) => {
      const open = Task.withResolvers<void>()
      return { round: () => Task.race([watch.counted(open.task), Task.yield()]) }
    },
  },
  {
    name: "completable-callback-taken-back",
    origin: "zio#4135",
    rounds: MANY,
    open: () => {
      const open = Task.withResolvers<void>()
      return { round: () => Task.sync(() => open.onExit(() => {})()) }
    },
  },
  {
    name: "completable-resolved",
    origin: "zio#10199",
    rounds: SOME,
    open: (watch) => ({
      round: () =>
        Task.defer(() => {
          const { task, resolve } = Task.withResolvers<object>()
          const bring = Task.sync(() => resolve(watch.dropped({})))
          return Task.all([watch.counted(task), bring])
        }),
    }),
  },
]
