import { type Policy, policyOf, type ScheduleOptions } from "./policy.ts"
import { access, type Running } from "./running.ts"
import { Task } from "./task.ts"
import { at } from "./time.ts"

type AnyTask = Task<unknown, unknown>
type Given<Input> = Policy<Input> | ScheduleOptions<Input>

/** Again after a failure. Each round leaves nothing behind: the handler's frame is gone when the next one begins. */
export function retry(task: AnyTask, given: Given<unknown>): Task<never> {
  return recurring(policyOf(given, "retry"), (next) => {
    const again: AnyTask = task.catch((error) => next(error, Task.fail(error), again))
    return again
  })
}

/** Again after a success. */
export function repeat<A>(task: Task<A, unknown>, given: Given<A>): Task<never> {
  return recurring(policyOf(given, "repeat"), (next) => {
    const again: AnyTask = task.flatMap((value) => next(value, Task.pure(value), again))
    return again
  })
}

type Next<Input> = (input: Input, last: AnyTask, again: AnyTask) => AnyTask

function recurring<Input>(policy: Policy<Input>, round: (next: Next<Input>) => AnyTask): Task<never> {
  return access((fiber: Running) => {
    const { clock, random } = fiber.loop
    const step = policy.start({ random, wall: () => clock.wall() })
    const began = clock.now()
    return round((input, last, again) => {
      const due = step(input, clock.now() - began)
      if (due === undefined) return last
      if (typeof due !== "number") return at(again, due)
      if (due > 0) return again.delay(due)
      if (due === 0) return again
      throw new RangeError(`Expected a schedule to answer milliseconds >= 0, a Date or undefined, got ${due}.`)
    }) as Task<never>
  })
}
