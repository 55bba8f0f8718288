import { afterAll, beforeAll, expect, it, vi } from "vitest"
import { Task } from "rapid-fiber"
import { disableTraces, enableTraces, onSlow } from "rapid-fiber/trace"

/** Time that moves only where a function is busy. */
let now = 1000

beforeAll(() => {
  vi.spyOn(performance, "now").mockImplementation(() => now)
  enableTraces()
})

afterAll(() => {
  disableTraces()
  vi.restoreAllMocks()
})

const busy = (ms: number): void => {
  now += ms
}

it("functions that take long are reported with their place, until nobody watches", async () => {
  const reports: string[] = []
  const stop = onSlow(20, (site, name, ms) => reports.push(`${site.replace(/ \(.*/, "")}: ${name} ${ms}`))
  const program = (): Task<void> =>
    Task.gen(function* body() {
      yield* Task.sync(function quick() {
        busy(19)
      })
      yield* Task.unit.map(function slow() {
        busy(30)
      })
      busy(20)
    })
  await program()
  expect(reports).toEqual(["<map> body: slow 30", "<yield*> body: body 20"])
  stop()
  await program()
  expect(reports).toHaveLength(2)
})

it("a threshold that is no time, and a report that is no function, are refused", () => {
  expect(() => onSlow(-1, () => {})).toThrow("Expected `threshold` to be a number of milliseconds >= 0, got -1.")
  expect(() => onSlow(1, 1 as never)).toThrow("Expected onSlow to get a function, got 1.")
})
