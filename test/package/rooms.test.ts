import { describe, expect, it } from "vitest"
import { rooms, violations } from "../../scripts/rooms.ts"

/** The complaints about one file of src with these lines. */
function complaints(file: string, ...lines: string[]): string[] {
  return violations(new Map([[file, lines.join("\n")]])).map(({ line, message }) => `${line}: ${message}`)
}

describe("import direction", () => {
  it.each([
    ["src/clock/wheel.ts", `import { Ring } from "../data/index.ts"`],
    ["src/stream/op/map.ts", `import { pull } from "../pull.ts"`],
    ["src/stream/op/map.ts", `import type { Task } from "../../task/index.ts"`],
    ["src/fiber/interpreter.ts", `import { Node } from "../task/node.ts"`],
    ["src/task/task.ts", `import { Node } from "./node.ts"`],
    ["src/task/node.ts", `import type { Exit } from "../data/index.ts"`],
    ["src/index.ts", `export { Task } from "./task/index.ts"`],
    ["src/cli/main.ts", `import { parseArgs } from "node:util"`],
    ["src/node/lines.ts", `import { open } from "node:fs/promises"`],
    ["src/monitor/server.ts", `  const http = await import("node:http")`],
    ["src/task/task.ts", ` * import { Task } from "rapid-fiber"`],
  ])("allows %s: %s", (file, line) => {
    expect(complaints(file, line)).toEqual([])
  })

  it.each([
    ["a room further right", "src/data/ring.ts", `import { Task } from "../task/index.ts"`],
    ["a type from a room further right", "src/clock/clock.ts", `import type { Task } from "../task/index.ts"`],
    ["a type expression", "src/clock/clock.ts", `type T = import("../task/index.ts").Task<number>`],
    ["a re-export", "src/task/index.ts", `export * from "../fiber/index.ts"`],
    ["a bare import", "src/task/index.ts", `import "../fiber/index.ts"`],
    ["past a room's index", "src/runtime/run.ts", `import { Fiber } from "../fiber/fiber.ts"`],
    ["past a room's index, in src/index.ts", "src/index.ts", `export { Task } from "./task/task.ts"`],
    ["the shapes, from a room that may not", "src/clock/wheel.ts", `import { Node } from "../task/node.ts"`],
    ["the shapes, from a later room", "src/stream/pull.ts", `import { Node } from "../task/node.ts"`],
    ["testing in the public entry", "src/index.ts", `export { TestClock } from "./testing/index.ts"`],
    ["the command in the public entry", "src/index.ts", `import "./cli/index.ts"`],
    ["the public entry in a room", "src/sync/queue.ts", `import { Task } from "../index.ts"`],
    ["Node at the top level", "src/monitor/server.ts", `import { createServer } from "node:http"`],
    ["a package", "src/cluster/engine.ts", `import { engine } from "some-engine"`],
    ["a way out of src", "src/task/task.ts", `import { check } from "../../test/check.ts"`],
  ])("refuses %s", (_, file, line) => {
    const found = complaints(file, `/** A file. */`, line)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(/^2: Expected .+, got .+: .+/)
  })

  it("refuses a folder that is no room", () => {
    expect(complaints("src/utils/strings.ts", "export const a = 1")).toHaveLength(1)
  })

  it("reads imports of several lines, and says what to do", () => {
    expect(
      complaints("src/task/task.ts", "import {", "  Fiber,", "  type Exit,", `} from "../fiber/index.ts"`),
    ).toEqual([
      "4: Expected room `task` to import only from data, clock, got room `fiber` (`src/fiber/index.ts`): " +
        "move the shared part to a room further left, or pass it in as a parameter",
    ])
  })

  it("lets a package in that is declared", () => {
    const files = new Map([["src/cluster/engine.ts", `import { engine } from "@some/engine/client"`]])
    expect(violations(files, new Set(["@some/engine"]))).toEqual([])
  })

  it("refuses every pair of rooms in the wrong order", () => {
    for (const [i, left] of rooms.entries()) {
      for (const right of rooms.slice(i + 1)) {
        expect(complaints(`src/${left}/file.ts`, `import { a } from "../${right}/index.ts"`)).toHaveLength(1)
        expect(complaints(`src/${right}/file.ts`, `import { a } from "../${left}/index.ts"`)).toEqual([])
      }
    }
  })
})
