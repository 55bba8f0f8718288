import { Task } from "rapid-fiber"
import { FEW, type Shape, SOME } from "../shape.ts"

/** Waits for a time that is not waited for to its end: the host's timer goes with the last of them. */
export const sleeps: readonly Shape[] = (["wheel", "platform"] as const).flatMap((clock): Shape[] => [
  {
    name: `sleep-cancelled-on-${clock}`,
    origin: "deno#20356",
    rounds: SOME,
    clock,
    open: (watch) => {
      const sleeper = watch.counted(Task.sleep({ hours: 1 })).start()
      return { round: () => sleeper.flatMap((fiber) => Task.yield().andThen(fiber.cancel())) }
    },
  },
  {
    name: `sleep-raced-on-${clock}`,
    origin: "bun#7715",
    rounds: SOME,
    clock,
    open: (watch) => ({ round: () => Task.race([watch.counted(Task.sleep({ days: 60 })), Task.yield()]) }),
  },
  {
    name: `sleep-that-holds-nothing-cancelled-on-${clock}`,
    origin: "deno#14203",
    rounds: SOME,
    clock,
    open: (watch) => {
      const sleep = watch.counted(Task.sleep({ hours: 1 }, { ref: false }))
      return { round: () => Task.race([sleep, Task.sleep(Infinity), Task.yield()]) }
    },
  },
  {
    name: `timeout-not-reached-on-${clock}`,
    origin: "p-timeout#42",
    rounds: SOME,
    clock,
    open: (watch) => ({ round: () => watch.counted(Task.yield()).timeout({ minutes: 1 }) }),
  },
  {
    name: `timeouts-reached-on-${clock}`,
    origin: "cats-effect#721",
    rounds: FEW,
    width: 50,
    clock,
    open: (watch) => {
      const late = watch.counted(Task.never).timeoutTo(1, Task.unit)
      const many = Array.from({ length: 50 }, () => late)
      return { round: () => Task.all(many) }
    },
  },
  {
    name: `sleeps-that-end-on-${clock}`,
    origin: "deno#20356",
    rounds: FEW,
    width: 50,
    clock,
    open: (watch) => {
      const many = Array.from({ length: 50 }, (_, i) => watch.counted(Task.sleep(1 + (i % 2) / 2)))
      return { round: () => Task.all(many) }
    },
  },
])
