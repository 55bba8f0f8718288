import { describe, expect, it } from "vitest"
import { Runtime, Task } from "rapid-fiber"

/** What nobody holds is kept as its continuation alone, and its fiber object serves again: none may see another's. */
const turns = async (n: number): Promise<void> => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setTimeout(resolve, 2))
}

describe("a fiber that nobody holds", () => {
  it("does not run again what an earlier one left, when its object serves the next", async () => {
    const runtime = Runtime.make()
    let [polls, jobs] = [0, 0]
    const poll: Task<void> = Task.defer(() => Task.sleep(1).flatMap(() => (polls++, polls < 5 ? poll : Task.unit)))
    poll.runAndForget({ runtime })
    for (let i = 0; i < 20; i++) {
      Task.sync(() => jobs++).runAndForget({ runtime })
      await turns(1)
    }
    expect([polls, jobs]).toEqual([5, 20])
    await runtime.close()
  })

  it("may give way with several frames and sleep with none before the next starts", async () => {
    const failures: unknown[] = []
    const runtime = Runtime.make({ onUnhandled: (reason) => failures.push(reason) })
    const log: string[] = []
    Task.yield()
      .map(() => 1)
      .flatMap(() => Task.sleep(1).map(() => log.push("first")))
      .runAndForget({ runtime })
    await turns(1)
    Task.sync(() => log.push("second")).runAndForget({ runtime })
    await turns(3)
    expect([log.toSorted(), failures]).toEqual([["first", "second"], []])
    await runtime.close()
  })

  it("is dropped by close while it is ready, and so is what it would go on with", async () => {
    const runtime = Runtime.make()
    const log: string[] = []
    const again: Task<void> = Task.defer(() => Task.sleep(0).flatMap(() => again))
    again.runAndForget({ runtime })
    Task.sleep(0)
      .flatMap(() => Task.sleep({ hours: 1 }))
      .runAndForget({ runtime })
    Task.sleep(0)
      .map(() => log.push("ran"))
      .runAndForget({ runtime })
    await runtime.close()
    await turns(2)
    expect(log).toEqual([])
  })
})

describe("a runtime", () => {
  it("goes on after a stack overflow of its caller", async () => {
    const runtime = Runtime.make()
    const overflow = (): void => {
      Task.unit.runAndForget({ runtime })
      overflow()
    }
    expect(overflow).toThrow(RangeError)
    expect(await Task.yield().as("ok").toPromise({ runtime })).toBe("ok")
  })

  it("that is closed leaves the children of a cleanup to the cleanup", async () => {
    const runtime = Runtime.make()
    const log: string[] = []
    const saving = Task.gen(function* () {
      const child = yield* Task.sleep(5).as("saved").start()
      log.push(yield* child.join())
    })
    const fiber = Task.never.finally(saving).run({ runtime })
    fiber.abort("stop")
    await turns(1)
    await runtime.close()
    expect([log, fiber.poll()]).toEqual([["saved"], { status: "cancelled", reason: "stop" }])
  })
})
