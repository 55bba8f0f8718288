import { Task } from "rapid-fiber"
import { MANY, type Shape, SOME } from "../shape.ts"

/** Races and groups against what lives on: who gives up the wait leaves no observer. */
export const races: readonly Shape[] = [
  {
    name: "race-long-lived",
    origin: "zio#4135, zio#10199",
    rounds: SOME,
    open: (watch) => {
      const long = Task.never.run()
      return { round: () => Task.race([watch.counted(long.join()), Task.yield()]) }
    },
  },
  {
    name: "race-long-lived-promise",
    origin: "node#17469",
    rounds: SOME,
    open: (watch) => {
      const long = new Promise<void>(() => {})
      const wait = Task.promise(() => long)
      return { round: () => Task.race([watch.counted(wait), Task.yield()]) }
    },
  },
  {
    name: "race-settled-first",
    origin: "zio#4135",
    rounds: MANY,
    open: () => {
      const long = Task.never.run()
      return { round: () => Task.race([Task.unit, long.join()]) }
    },
  },
  {
    name: "any-long-lived",
    origin: "node#17469",
    rounds: SOME,
    open: (watch) => {
      const long = Task.never.run()
      return { round: () => Task.any([watch.counted(long.join()), Task.fail("e"), Task.yield()]) }
    },
  },
  {
    name: "all-fails-beside-long-lived",
    origin: "fs2-kafka#1318",
    rounds: SOME,
    open: (watch) => {
      const long = Task.never.run()
      return { round: () => Task.all([watch.counted(long.join()), Task.yield().andThen(Task.fail("e"))]).attempt() }
    },
  },
]
