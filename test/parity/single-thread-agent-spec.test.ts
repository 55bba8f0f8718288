import { describe, expect, it } from "vitest"
import { Actor, ClosedError, Task } from "rapid-fiber"

describe("SingleThreadAgentSpec.scala", () => {
  it("SingleThreadAgent should run work on the agent thread", async () => {
    const log: string[] = []
    const agent = Actor.make({
      create: Task.sync(() => {
        log.push("created")
        return { uses: 0 }
      }),
      destroy: (resource) => void log.push(`closed after ${resource.uses}`),
    })
    const use = agent.ask((resource) => Task.sleep(1).map(() => ++resource.uses))
    expect(await Task.all([use, use, use])).toEqual([1, 2, 3])
    await agent.close()
    expect(log).toEqual(["created", "closed after 3"])
    expect(await use.attempt()).toEqual({ status: "rejected", reason: new ClosedError("actor") })
  })
})
