import { describe } from "../data/index.ts"
import { drive, notATask, Task } from "../task/index.ts"

/** What came out of a generator: the task that the cursor handed over, or something yielded without the star. */
export function yielded(given: unknown): Task<unknown, unknown> {
  const handed = drive.handed
  drive.handed = undefined
  if (handed !== undefined && handed === given) return handed
  return Task.fail<unknown>(withoutStar(given))
}

function withoutStar(given: unknown): TypeError {
  if (given instanceof Task) {
    return new TypeError("Expected `yield* task` in Task.gen, got `yield task`. Add the star.")
  }
  return notATask(given, "what Task.gen yields by yield*")
}

export function noGenerator(given: unknown): TypeError {
  return new TypeError(`Expected Task.gen to get a function*, got one that returns ${describe(given)}.`)
}

/** No generator of the interpreter's is running any more, and none of its values is kept. */
export function leaveGenerator(): void {
  drive.driver = undefined
  drive.done.value = undefined
}
