import { Script } from "node:vm"
import fc from "fast-check"
import { afterAll, expect, it } from "vitest"
import { type Exit, Task } from "rapid-fiber"
import { disableTraces, enableTraces } from "rapid-fiber/trace"
import { exitOf } from "../watch.ts"
import { placesOf } from "./frames.ts"

/**
 * Random programs as source text, each operation on a line of its own, so that a place in a trace is a node of the program.
 * An error knows the leaf that threw it: its trace must be the way from that leaf to the root.
 */
type Program =
  | { readonly kind: "pure" | "sync" | "throw" | "fail" | "sleep" | "asyncFail" | "reject" }
  | {
      readonly kind: "map" | "as" | "attempt" | "gen" | "defer" | "uncancelable" | "all" | "timeout" | "mapThrow"
      readonly of: Program
    }
  | {
      readonly kind: "flatMap" | "catch" | "andThen" | "tap" | "finally" | "timeoutTo"
      readonly of: Program
      readonly next: Program
    }

const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.record({
      kind: fc.constantFrom(...(["pure", "sync", "throw", "fail", "sleep", "asyncFail", "reject"] as const)),
    }) as fc.Arbitrary<Program>,
    fc.record({
      kind: fc.constantFrom(
        ...(["map", "as", "attempt", "gen", "defer", "uncancelable", "all", "timeout", "mapThrow"] as const),
      ),
      of: tie("program"),
    }) as fc.Arbitrary<Program>,
    fc.record({
      kind: fc.constantFrom(...(["flatMap", "catch", "andThen", "tap", "finally", "timeoutTo"] as const)),
      of: tie("program"),
      next: tie("program"),
    }) as fc.Arbitrary<Program>,
  ),
}))

/** An error that knows where it comes from. */
type Boom = (id: number) => Error & { readonly id: number }

class Source {
  text = ""
  readonly #parents: number[] = []

  constructor(of: Program) {
    this.text = this.#write(of, -1)
  }

  /** The numbers of a leaf and of all around it. */
  wayFrom(id: number): number[] {
    const way: number[] = []
    for (let at = id; at >= 0; at = this.#parents[at]) way.push(at)
    return way
  }

  /** The number of the operation that a line of the text calls. */
  idAt(line: number): number {
    return Number(/\/\*(\d+)\*\//.exec(this.text.split("\n")[line - 1])?.[1] ?? -1)
  }

  #write(of: Program, parent: number): string {
    const id = this.#parents.push(parent) - 1
    const part = (one: Program): string => this.#write(one, id)
    const call = (method: string): string => `\n.${method}(/*${id}*/ `
    switch (of.kind) {
      case "pure":
        return `Task${call("pure")}1)`
      case "sync":
        return `Task${call("sync")}() => 1)`
      case "throw":
        return `Task${call("sync")}() => { throw boom(${id}) })`
      case "fail":
        return `Task${call("fail")}boom(${id}))`
      case "sleep":
        return `Task${call("sleep")}0)`
      case "asyncFail":
        return `Task${call("async")}(resume) => { queueMicrotask(() => resume(Task.defer(() => { throw boom(${id}) }))) })`
      case "reject":
        return `Task${call("promise")}() => Promise.reject(boom(${id})))`
      case "defer":
        return `Task${call("defer")}() => ${part(of.of)})`
      case "uncancelable":
        return `Task${call("uncancelable")}() => ${part(of.of)})`
      case "all":
        return `Task${call("all")}[${part(of.of)}])`
      case "gen":
        return `Task${call("gen")}function* () { return yield* (${part(of.of)}\n) })`
      case "map":
        return `${part(of.of)}${call("map")}() => 1)`
      case "mapThrow":
        return `${part(of.of)}${call("map")}() => { throw boom(${id}) })`
      case "timeout":
        return `${part(of.of)}${call("timeout")}10000)`
      case "as":
      case "attempt":
        return `${part(of.of)}${call(of.kind)}1)`
      case "flatMap":
      case "catch":
      case "tap":
      case "finally":
        return `${part(of.of)}${call(of.kind)}() => ${part(of.next)})`
      case "andThen":
        return `${part(of.of)}${call("andThen")}${part(of.next)})`
      case "timeoutTo":
        return `${part(of.of)}${call("timeoutTo")}10000, ${part(of.next)})`
    }
  }
}

let programs = 0

function run(source: Source): Promise<Exit<unknown>> {
  const filename = `/programs/${programs++}.js`
  const build = new Script(`(Task, boom) => ${source.text}`, { filename }).runInThisContext() as (
    task: typeof Task,
    boom: Boom,
  ) => Task<unknown, unknown>
  return exitOf(build(Task, (id) => Object.assign(new Error(`leaf ${id}`), { id })))
}

afterAll(disableTraces)

/** What a program has come to, in words. */
const summary = (exit: Exit<unknown>): string =>
  exit.status === "fulfilled" ? `fulfilled ${JSON.stringify(exit.value)}` : `${exit.status} ${String(exit.reason)}`

it("programs come to the same with traces on, and a trace is the way from the leaf that failed to the root", async () => {
  let seen = 0
  await fc.assert(
    fc.asyncProperty(program, async (one) => {
      const source = new Source(one)
      disableTraces()
      const off = await run(source)
      enableTraces()
      const on = await run(source)
      expect(summary(on)).toBe(summary(off))
      const reason: unknown = on.status === "rejected" ? on.reason : undefined
      if (!(reason instanceof Error) || !("id" in reason)) return
      seen++
      const places = placesOf(reason).filter(({ kind }) => kind !== "<yield*>")
      const ids = places.map(({ line }) => source.idAt(line))
      expect(ids.filter((id, at) => id !== ids[at - 1])).toEqual(source.wayFrom(Number(reason.id)))
    }),
    { numRuns: 400 },
  )
  expect(seen).toBeGreaterThan(50)
})
