import { describe, expect, it } from "vitest"
import { explore, replay } from "rapid-fiber/testing"
import { foundIn } from "./found.ts"
import { planted } from "./programs.ts"

describe.each(planted)("$name", ({ name, finds, cancel, bad, good }) => {
  const options = cancel === undefined ? {} : { cancel }

  it("is found, shrunk to what fits on a screen, and repeated by its token", async () => {
    const started = performance.now()
    const found = await foundIn(bad, options)
    const ms = (performance.now() - started).toFixed(0)
    console.log(`${name}: found and shrunk in ${ms} ms, to ${found.schedule.length} lines`)
    expect(found.kind).toBe(finds)
    expect(found.schedule.length).toBeLessThan(25)
    await expect(replay(found.token, bad)).rejects.toMatchObject({ kind: finds, schedule: found.schedule })
    await expect(replay(found.token, good)).resolves.toBeUndefined()
  })

  it("is not found where it was put right", async () => {
    expect(await explore(good, options)).toMatchObject({ runs: expect.any(Number) })
  })
})
