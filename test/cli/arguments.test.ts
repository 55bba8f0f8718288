import { describe, expect, it } from "vitest"
import { parseCommand } from "../../src/cli/arguments.ts"

describe("the command line", () => {
  it("asks for ten million sleeps of up to nine whole seconds by default", () => {
    expect(parseCommand(["sleeps"])).toEqual({
      name: "sleeps",
      options: { count: 10_000_000, max: 9, uniform: false, json: false },
    })
  })

  it("takes a count, by place or by name, with digits grouped", () => {
    const count = (...args: string[]): unknown => (parseCommand(["sleeps", ...args]) as { options: object }).options
    expect(count("1_000")).toMatchObject({ count: 1000 })
    expect(count("--count", "25")).toMatchObject({ count: 25 })
    expect(count("--uniform", "--json", "--max=3")).toMatchObject({ max: 3, uniform: true, json: true })
    expect(count("--uniform")).toMatchObject({ max: 10 })
  })

  it("shows help where nothing is asked or help is", () => {
    expect(parseCommand([]).name).toBe("help")
    expect(parseCommand(["sleeps", "-h"]).name).toBe("help")
    expect(parseCommand(["--version"]).name).toBe("version")
  })

  const wrong: [string[], RegExp][] = [
    [["sleep"], /Expected a command, sleeps, got "sleep"/],
    [["sleeps", "0"], /`count` to be an integer from 1.*got "0"/],
    [["sleeps", "1e7"], /`count`.*got "1e7"/],
    [["sleeps", "1", "2"], /Expected one count/],
    [["sleeps", "1", "--count", "2"], /Expected one count/],
    [["sleeps", "--max", "-1"], /max/],
    [["sleeps", "--fast"], /--fast/],
  ]
  for (const [args, message] of wrong) {
    it(`refuses ${args.join(" ")}`, () => expect(() => parseCommand(args)).toThrow(message))
  }
})
