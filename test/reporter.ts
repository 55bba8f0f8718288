import type { Reporter, TestModule } from "vitest/node"

/** Closes a run with one plain line, `12 passed, 0 failed, 0 skipped`, for people and for CI. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<unknown>, reason: string): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const passed = tests.filter((test) => test.result().state === "passed").length
    const failed = tests.filter((test) => test.result().state === "failed").length
    const broken = errors.length + modules.filter((module) => module.errors().length > 0).length
    // A hook that throws fails the run without failing a test: the line must not read as green.
    const failures = Math.max(failed + broken, reason === "failed" ? 1 : 0)
    process.stdout.write(`${passed} passed, ${failures} failed, ${tests.length - passed - failed} skipped\n`)
  }
}
