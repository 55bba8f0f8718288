import { expect, it } from "vitest"
import { Queue, Semaphore, Task } from "rapid-fiber"
import { heapInUse } from "../heap.ts"
import { turn } from "../watch.ts"

const COUNT = 1_000_000

/** A million fibers that wait for the same. Leaving the line is O(1), or the last half of them would not end today. */
it.each([
  [
    "a semaphore",
    (): [Task<unknown, unknown>, () => number] => {
      const semaphore = Semaphore.make(1)
      semaphore.tryAcquire()
      return [semaphore.withPermit(Task.unit), () => semaphore.waiting]
    },
  ],
  [
    "an empty queue",
    (): [Task<unknown, unknown>, () => number] => {
      const queue = Queue.unbounded<number>()
      return [queue.take(), () => queue.takers]
    },
  ],
])(
  "a million wait for %s, are cancelled, and leave nothing",
  async (_what, make) => {
    const [wait, waiting] = make()
    await wait.run().cancel()
    const before = heapInUse()
    const fibers = Array.from({ length: COUNT }, () => wait.run())
    while (waiting() < COUNT) await turn()
    // In an order that is neither that of the line nor its reverse: the stride has no factor in common with the count.
    for (let i = 0; i < COUNT; i++) fibers[(i * 524_287) % COUNT].abort()
    expect(waiting()).toBe(0)
    for (const fiber of fibers) while (fiber.poll() === undefined) await turn()
    fibers.length = 0
    await turn()
    expect((heapInUse() - before) / COUNT).toBeLessThan(4)
  },
  60_000,
)
