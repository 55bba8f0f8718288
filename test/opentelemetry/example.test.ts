import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { describe, expect, it } from "vitest"
import { isNode } from "../node/folder.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))

// It is TypeScript, and imports the package by its name: on Node, tsx knows what that means.
describe.runIf(isNode)("the example opentelemetry", () => {
  it("prints the tree of its spans", { timeout: 30_000 }, async () => {
    const args = ["--import", "tsx", "examples/opentelemetry.ts"]
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root })
    expect(stderr).toBe("")
    expect(stdout).toBe(`keyboard 89
mouse 39

checkout  shipping.carrier=UPS
├─ reserve keyboard
│  └─ select stock  db.system.name=postgresql
├─ reserve mouse
│  └─ select stock  db.system.name=postgresql
├─ quote DHL  ERROR cancelled  rapid_fiber.cancelled=true
├─ quote UPS
├─ charge  ERROR terminal is busy  payment.total=128  error.type=Error
├─ charge  payment.total=128
└─ invoice lines  rapid_fiber.stream.elements=2
`)
  })
})
