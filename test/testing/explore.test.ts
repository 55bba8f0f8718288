import { describe, expect, it } from "vitest"
import { explore, ExplorationError, type ExploreOptions, type Program, replay } from "rapid-fiber/testing"
import { planted } from "./programs.ts"

const foundIn = async (program: Program, options?: ExploreOptions): Promise<ExplorationError> => {
  const found: unknown = await explore(program, options).then(
    ({ runs }) => `nothing found in ${runs} runs`,
    (error: unknown) => error,
  )
  expect(found).toBeInstanceOf(ExplorationError)
  return found as ExplorationError
}

describe.each(planted)("$name", ({ finds, cancel, bad, good }) => {
  const options = cancel === undefined ? {} : { cancel }

  it("is found, shrunk to what fits on a screen, and repeated by its token", async () => {
    const found = await foundIn(bad, options)
    expect(found.kind).toBe(finds)
    expect(found.schedule.length).toBeLessThan(25)
    await expect(replay(found.token, bad)).rejects.toMatchObject({ kind: finds, schedule: found.schedule })
    await expect(replay(found.token, good)).resolves.toBeUndefined()
  })

  it("is not found where it was put right", async () => {
    expect(await explore(good, options)).toMatchObject({ runs: expect.any(Number) })
  })
})
