import { Schedule, Task } from "rapid-fiber"
import { MANY, type Shape, SOME } from "../shape.ts"

function* numbers(): Generator<number> {
  for (let i = 0; ; i++) yield i
}

/** One run that goes round for ever. */
export const endless: readonly Shape[] = [
  {
    name: "repeat",
    origin: "zio#9002",
    rounds: MANY,
    open: () => ({ program: (step) => step.repeat({}) }),
  },
  {
    name: "repeat-by-schedule",
    origin: "zio#9002",
    rounds: SOME,
    open: () => {
      const schedule = Schedule.exponential(0).jittered().and(Schedule.forever)
      return { program: (step) => step.repeat(schedule) }
    },
  },
  {
    name: "retry",
    origin: "effect#3440",
    rounds: MANY,
    open: () => ({ program: (step) => step.andThen(Task.fail("e")).retry({}) }),
  },
  {
    name: "retry-once",
    origin: "effect#3440",
    rounds: SOME,
    open: () => {
      let tries = 0
      const flaky = Task.defer(() => (tries++ % 2 === 0 ? Task.fail("e") : Task.unit))
      return { round: () => flaky.retry({ times: 1, backoff: { initial: 0 } }) }
    },
  },
  {
    name: "recursion",
    origin: "effect-smol#2360",
    rounds: MANY,
    open: () => ({
      program: (step) => {
        const loop: Task<never> = Task.defer(() => step.flatMap(() => loop))
        return loop
      },
    }),
  },
  {
    name: "recursion-in-handlers",
    origin: "rapid",
    rounds: MANY,
    open: () => ({
      program: (step) => {
        const loop: Task<never> = Task.defer(() => step.andThen(Task.fail("e")).catch(() => loop))
        return loop
      },
    }),
  },
  {
    name: "for-each-without-end",
    origin: "zio#9002",
    rounds: SOME,
    open: () => ({ program: (step) => Task.forEach(numbers(), () => step, { concurrency: 4 }) }),
  },
  {
    name: "callbacks-in-place",
    origin: "cats-effect#3225",
    rounds: MANY,
    open: () => ({ round: () => Task.async<void>((resume) => resume(Task.unit)) }),
  },
  {
    name: "promises",
    origin: "effect#3440",
    rounds: SOME,
    open: () => ({ round: () => Task.promise(() => Promise.resolve()) }),
  },
]
