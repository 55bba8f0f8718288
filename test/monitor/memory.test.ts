import { expect, it } from "vitest"
import { Runtime, Task } from "rapid-fiber"
import { monitor } from "rapid-fiber/monitor"
import { growth } from "../heap.ts"

it("a runtime that is watched keeps nothing of sleepers that are gone", async () => {
  // A page that nobody looks at keeps when sleepers wake.
  await using runtime = Runtime.make()
  const page = await monitor.listen({ runtime })
  let ms = 1000
  const limits = Task.gen(function* () {
    for (let i = 0; i < 20_000; i++) yield* Task.yield().timeout((ms += 300))
  })
  expect(await growth(() => limits.toPromise({ runtime }))).toBeLessThan(200_000)
  await page.close()
})
