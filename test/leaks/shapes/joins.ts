import { Task } from "rapid-fiber"
import { MANY, type Shape, SOME } from "../shape.ts"

/** Waits for a fiber that lives on, given up. */
export const joins: readonly Shape[] = [
  {
    name: "join-cancelled",
    origin: "node#17469",
    rounds: SOME,
    open: (watch) => {
      const long = Task.never.run()
      const join = watch.counted(long.join()).start()
      return { round: () => join.flatMap((joiner) => Task.yield().andThen(joiner.cancel())) }
    },
  },
  {
    name: "join-of-root-cancelled",
    origin: "node#17469",
    rounds: SOME,
    open: ({ runtime }) => {
      const long = Task.never.run()
      return { edge: () => long.join().run({ runtime }).cancel().toPromise() }
    },
  },
  {
    name: "exit-callback-taken-back",
    origin: "zio#4135",
    rounds: MANY,
    open: (watch) => {
      const long = Task.never.run()
      return {
        round: () =>
          Task.sync(() => {
            const held = watch.dropped({})
            long.onExit(() => held)()
          }),
      }
    },
  },
  {
    name: "join-timed-out",
    origin: "zio#4135, p-timeout#42",
    rounds: SOME,
    open: (watch) => {
      const long = Task.never.run()
      return { round: () => watch.counted(long.join()).timeoutTo(0, Task.unit) }
    },
  },
]
