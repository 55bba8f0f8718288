import { type Fiber, Task } from "rapid-fiber"
import { type Shape, SOME } from "../shape.ts"

/** Children that come and go in a parent that lives on. */
export const children: readonly Shape[] = [
  {
    name: "children-joined",
    origin: "effect#3440, effection#1080",
    rounds: SOME,
    open: (watch) => {
      const child = watch.counted(Task.yield()).start()
      return { round: () => child.flatMap((fiber) => fiber.join()) }
    },
  },
  {
    name: "children-forgotten",
    origin: "effect#3440",
    rounds: SOME,
    open: (watch) => {
      const child = watch.counted(Task.yield()).start()
      return { round: () => child.andThen(Task.yield()).andThen(Task.yield()) }
    },
  },
  {
    name: "children-cancelled",
    origin: "zio#9002",
    rounds: SOME,
    open: (watch) => {
      const child = watch.counted(Task.never).start()
      return { round: () => child.flatMap((fiber) => fiber.cancel()) }
    },
  },
  {
    name: "children-left-to-their-parents-end",
    origin: "effection#1080",
    rounds: SOME,
    open: (watch) => {
      const parent = watch.counted(Task.never).start().andThen(Task.yield()).start()
      return { round: () => parent.flatMap((fiber) => fiber.join()) }
    },
  },
  {
    name: "children-that-fail",
    origin: "zio#7235",
    rounds: SOME,
    open: (watch) => {
      const child = watch.counted(Task.yield().andThen(Task.fail("e"))).start()
      const parent = watch.counted(child.andThen(Task.never)).startDetached()
      return { round: () => parent.flatMap((fiber) => fiber.join().attempt()) }
    },
  },
  {
    name: "detached",
    origin: "effect#3440",
    rounds: SOME,
    open: (watch) => {
      const detached = watch.counted(Task.yield()).startDetached()
      return { round: () => detached.flatMap((fiber: Fiber<void>) => fiber.join()) }
    },
  },
]
