import { afterAll, describe, expect, it } from "vitest"
import { engines } from "./engines.ts"
import { reasonToSkip } from "./law.ts"
import { rapidAdapter } from "./rapid-adapter.ts"
import { suites } from "./suites.ts"

/** What others ask of their libraries, of every engine of ours. Each part closes with a line that counts. */
describe.each(engines)("over $name", (engine) => {
  describe.each(suites)("$name", ({ name, laws }) => {
    let [passed, skipped] = [0, 0]

    for (const law of laws) {
      it(`${law.name} [${law.origin}]`, { timeout: 10_000 }, async ({ skip, onTestFinished }) => {
        const adapter = rapidAdapter(engine)
        onTestFinished(() => adapter.close())
        const reason = reasonToSkip(law, adapter)
        if (reason !== undefined) {
          skipped++
          skip(reason)
        }
        await law.check(adapter)
        expect(expect.getState().assertionCalls, "what the law has looked at").toBeGreaterThan(0)
        expect(adapter.pending(), "what still runs").toBe(0)
        await adapter.close()
        passed++
      })
    }

    afterAll(() => {
      console.log(`conformance: ${name} over ${engine.name}: ${passed} passed, ${skipped} skipped`)
    })
  })
})
