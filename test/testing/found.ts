import { expect } from "vitest"
import { ExplorationError, explore, type ExploreOptions, type Program } from "rapid-fiber/testing"

/** What `explore` finds in a program; fails where that is nothing. */
export async function foundIn(program: Program, options?: ExploreOptions): Promise<ExplorationError> {
  const found: unknown = await explore(program, options).then(
    ({ runs }) => `nothing found in ${runs} runs`,
    (error: unknown) => error,
  )
  expect(found).toBeInstanceOf(ExplorationError)
  return found as ExplorationError
}
