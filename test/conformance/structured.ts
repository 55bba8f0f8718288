import { expect } from "vitest"
import type { Program } from "./adapter.ts"
import {
  cancelled,
  differs,
  endless,
  fulfilled,
  joined,
  law,
  note,
  noted,
  rejected,
  type Suite,
  andThen,
  turns,
  until,
} from "./law.ts"

/** What Trio's nurseries and Kotlin's coroutine scopes promise of work that has an owner. */
export const structured: Suite = {
  name: "structured",
  laws: [
    law("Kotlin: Job > parent completion", "a parent has not ended before its children have", async (a) => {
      const log: string[] = []
      const child = endless(a)
      const parent = a.gen(function* () {
        yield* a.start(a.finally(child.program, andThen(a, turns(a, 4), note(a, log, "child"))))
        yield* child.begun
        log.push("body")
        return "value"
      })
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(parent)
          const value = yield* fiber.join()
          log.push("joined")
          return value
        }),
      )
      expect(exit).toEqual(fulfilled("value"))
      expect(log).toEqual(["body", "child", "joined"])
    }),

    law("Trio: nursery > end of the body", "children are ended with their parent, however it ends", async (a) => {
      for (const how of ["value", "failure", "cancellation"]) {
        const log: string[] = []
        const child = endless(a)
        const parent = a.gen(function* () {
          yield* a.start(a.finally(child.program, (exit) => void log.push(exit.status)))
          yield* child.begun
          if (how === "failure") yield* a.fail("no")
          if (how === "cancellation") yield* a.never
        })
        await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(parent, { detached: true })
            yield* child.begun
            yield* turns(a, 2)
            yield* fiber.cancel()
          }),
        )
        expect(log).toEqual(["cancelled"])
      }
    }),

    law("Kotlin: Job > child failure", "a child's failure cancels the body and is the parent's", async (a) => {
      const log: string[] = []
      const reason = new Error("child failed")
      const parent = a.finally(
        andThen(a, a.start(andThen(a, a.yield(), a.fail(reason))), andThen(a, a.never, note(a, log, "went on"))),
        (exit) => void log.push(exit.status),
      )
      const exit = await a.run(parent)
      expect(exit.status === "rejected" && exit.reason === reason).toBe(true)
      expect(log).toEqual(["cancelled"])
    }),

    law("Trio: nursery > siblings", "a child's failure cancels its siblings and waits for them", async (a) => {
      const log: string[] = []
      const siblings = [endless(a), endless(a)]
      const parent = a.gen(function* () {
        for (const { program } of siblings) {
          yield* a.start(a.finally(program, andThen(a, turns(a, 3), note(a, log, "sibling"))))
        }
        yield* a.start(siblings.reduceRight((rest, { begun }) => andThen(a, begun, rest), a.fail("no")))
        yield* a.never
      })
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(parent, { detached: true })
          const reason = yield* a.catch(fiber.join(), (error) => noted(a, log, "heard", a.pure(error)))
          return reason
        }),
      )
      expect(exit).toEqual(fulfilled("no"))
      expect(log).toEqual(["sibling", "sibling", "heard"])
    }),

    law(
      "Kotlin: Job > failure that is joined",
      "a handler around the join does not undo a child's failure (D9)",
      async (a) => {
        const log: string[] = []
        const exit = await a.run(
          a.gen(function* () {
            const child = yield* a.start(andThen(a, a.yield(), a.fail("child")))
            yield* a.catch(child.join(), () => a.pure(0))
            yield* a.never
            log.push("went on")
          }),
        )
        expect(exit).toEqual(rejected("child"))
        expect(log).toEqual([])
      },
    ),

    law(
      "Kotlin: supervisorScope",
      "a failure kept as a value inside the child harms nobody",
      ["attempt"],
      async (a) => {
        const exit = await a.run(
          a.gen(function* () {
            const child = yield* a.start(a.attempt(andThen(a, a.yield(), a.fail("child"))))
            const sibling = yield* a.start(andThen(a, turns(a, 4), a.pure("fine")))
            return [yield* child.join(), yield* sibling.join()]
          }),
        )
        expect(exit).toEqual(fulfilled([rejected("child"), "fine"]))
      },
    ),

    law("Kotlin: Job > cancelled child", "a child that is cancelled does not fail its parent", async (a) => {
      const { program, begun } = endless(a)
      const exit = await a.run(
        a.gen(function* () {
          const child = yield* a.start(program)
          const sibling = yield* a.start(andThen(a, turns(a, 4), a.pure("fine")))
          yield* begun
          yield* child.cancel("one is enough")
          return [child.poll(), yield* sibling.join()]
        }),
      )
      expect(exit).toEqual(fulfilled([cancelled("one is enough"), "fine"]))
    }),

    law("Trio: MultiError", "if body and child both fail, both are kept", async (a) => {
      const child = endless(a)
      const exit = await a.run(
        a.gen(function* () {
          yield* a.start(a.finally(child.program, a.fail("child")))
          yield* child.begun
          yield* a.fail("body")
        }),
      )
      const parts = exit.status === "rejected" ? joined(exit.reason) : []
      expect(parts).toContain("body")
      expect(parts).toContain("child")
    }),

    law("Trio: MultiError > siblings", "what fails in the cleanups of siblings is kept", async (a) => {
      const sibling = endless(a)
      const exit = await a.run(
        a.gen(function* () {
          yield* a.start(a.finally(sibling.program, a.fail("sibling's cleanup")))
          yield* a.start(andThen(a, sibling.begun, a.fail("first")))
          yield* a.never
        }),
      )
      const parts = exit.status === "rejected" ? joined(exit.reason) : []
      expect(parts).toContain("first")
      expect(parts).toContain("sibling's cleanup")
    }),

    law("Kotlin: NonCancellable", "a masked parent learns of a child's failure when the mask goes down", async (a) => {
      const log: string[] = []
      const exit = await a.run(
        a.gen(function* () {
          yield* a.uncancelable(() =>
            a.gen(function* () {
              const child = yield* a.start(a.fail("child"))
              yield* until(a, () => child.poll() !== undefined)
              yield* turns(a, 3)
              log.push("region completed")
            }),
          )
          yield* a.yield()
          log.push("went on")
        }),
      )
      expect(exit).toEqual(rejected("child"))
      expect(log).toEqual(["region completed"])
    }),

    law("Kotlin: Job > cancel", "cancelling a parent reaches children and grandchildren", async (a) => {
      const log: string[] = []
      const deepest = endless(a)
      const nest = (depth: number): Program<unknown> =>
        a.finally(
          depth === 0 ? deepest.program : a.flatMap(a.start(nest(depth - 1)), () => a.never),
          (exit) => void log.push(`${depth} ${exit.status}`),
        )
      await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(nest(3))
          yield* deepest.begun
          yield* fiber.cancel()
          log.push("over")
        }),
      )
      expect(log.at(-1)).toBe("over")
      expect(log.slice(0, -1).toSorted()).toEqual(["0 cancelled", "1 cancelled", "2 cancelled", "3 cancelled"])
    }),

    law(
      "Kotlin: Job > cleanups and children",
      "cleanups of a cancelled parent may still use its children (D20)",
      async (a) => {
        const log: string[] = []
        const asked = a.deferred<void>()
        const served = a.deferred<void>()
        const { begun, program } = endless(a)
        const server = a.gen(function* () {
          yield* asked.wait
          log.push("child serves")
          served.resolve()
          yield* a.never
        })
        const parent = a.gen(function* () {
          yield* a.start(a.finally(server, (exit) => void log.push(`child ${exit.status}`)))
          const cleanup = andThen(
            a,
            a.sync(() => void asked.resolve()),
            andThen(a, served.wait, note(a, log, "cleaned")),
          )
          yield* a.finally(program, cleanup)
        })
        await a.run(
          a.gen(function* () {
            const fiber = yield* a.start(parent)
            yield* begun
            yield* fiber.cancel()
          }),
        )
        expect(log).toEqual(["child serves", "cleaned", "child cancelled"])
      },
    ),

    differs("D9", "Kotlin: async in a supervisorScope", "a failure waits for its await and touches nobody until then"),

    law("Kotlin: withTimeout", "a limit around a parent ends its children as well", async (a) => {
      const log: string[] = []
      const parent = a.gen(function* () {
        yield* a.start(a.finally(a.never, andThen(a, a.yield(), note(a, log, "child cleaned"))))
        yield* a.never
      })
      const limited = a.catch(a.timeout(parent, 20), (error) => note(a, log, (error as Error).name))
      await a.run(limited)
      expect(log).toEqual(["child cleaned", "TimeoutError"])
    }),

    law("Trio: CancelScope > nested", "an outer limit does not pass for the inner one", async (a) => {
      const log: string[] = []
      const inner = a.catch(a.timeout(a.never, 60_000), () => note(a, log, "inner handled"))
      const outer = a.catch(a.timeout(andThen(a, inner, note(a, log, "went on")), 1), () =>
        note(a, log, "outer handled"),
      )
      expect((await a.run(outer)).status).toBe("fulfilled")
      expect(log).toEqual(["outer handled"])
    }),

    law("Trio: shielding", "a cleanup may wait, under a limit of its own", async (a) => {
      const log: string[] = []
      const { program, begun } = endless(a)
      const cleanup = a.catch(a.timeout(a.never, 1), (error) => note(a, log, (error as Error).name))
      await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(a.finally(program, andThen(a, cleanup, note(a, log, "cleaned"))))
          yield* begun
          yield* fiber.cancel()
          log.push("over")
        }),
      )
      expect(log).toEqual(["TimeoutError", "cleaned", "over"])
    }),

    law("Trio: checkpoints", "who computes without a pause is cancelled all the same", async (a) => {
      let rounds = 0
      const spin = (): Program<never> => a.flatMap(a.pure(rounds++), spin)
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(spin())
          yield* until(a, () => rounds > 0)
          yield* fiber.cancel("stop")
          return fiber.poll()
        }),
      )
      expect(exit).toEqual(fulfilled(cancelled("stop")))
    }),

    law("Kotlin: Job > self", "a child may cancel its parent, and ends with it", ["self"], async (a) => {
      const log: string[] = []
      const exit = await a.run(
        a.gen(function* () {
          const parent = yield* a.self()
          const child = a.gen(function* () {
            parent.abort("the child says so")
            yield* a.never
          })
          yield* a.start(a.finally(child, (end) => void log.push(end.status)))
          yield* a.never
        }),
      )
      expect(exit).toEqual(cancelled("the child says so"))
      expect(log).toEqual(["cancelled"])
    }),

    law("Trio: nursery > many children", "all of many end with their parent", async (a) => {
      let [begun, ended] = [0, 0]
      const all = a.deferred<void>()
      const child = a.finally(
        a.flatMap(
          a.sync(() => {
            if (++begun === 500) all.resolve()
          }),
          () => a.never,
        ),
        () => void ended++,
      )
      await a.run(
        a.gen(function* () {
          for (let i = 0; i < 500; i++) yield* a.start(child)
          yield* all.wait
        }),
      )
      expect([begun, ended]).toEqual([500, 500])
    }),

    law("Kotlin: coroutineScope > groups", "a member's children end with the member, not with the group", async (a) => {
      const log: string[] = []
      const child = endless(a)
      const member = a.flatMap(a.start(a.finally(child.program, (exit) => void log.push(`child ${exit.status}`))), () =>
        a.map(child.begun, () => "member"),
      )
      const gate = a.deferred<void>()
      const exit = await a.run(
        a.gen(function* () {
          const fiber = yield* a.start(a.all<unknown>([member, a.map(gate.wait, () => "other")]))
          yield* until(a, () => log.length > 0)
          log.push("group goes on")
          gate.resolve()
          return yield* fiber.join()
        }),
      )
      expect(exit).toEqual(fulfilled(["member", "other"]))
      expect(log).toEqual(["child cancelled", "group goes on"])
    }),

    law(
      "Kotlin: coroutineScope > failure in a group",
      "a member's failure is the group's, and can be handled",
      async (a) => {
        const log: string[] = []
        const exit = await a.run(
          a.gen(function* () {
            const grandchild = andThen(a, a.start(andThen(a, a.yield(), a.fail("grandchild"))), a.never)
            const reason = yield* a.catch(a.all<unknown>([grandchild, a.never]), (error) => a.pure(error))
            log.push("went on")
            return reason
          }),
        )
        expect(exit).toEqual(fulfilled("grandchild"))
        expect(log).toEqual(["went on"])
      },
    ),

    law("Trio: nursery > scope", "fibers of a scope end before what they use is released", ["scoped"], async (a) => {
      const log: string[] = []
      const { program, begun } = endless(a)
      await a.run(
        a.scoped((scope) =>
          a.gen(function* () {
            yield* scope.acquire(note(a, log, "open"), () => note(a, log, "closed"))
            yield* scope.start(a.finally(program, andThen(a, turns(a, 2), note(a, log, "fiber ended"))))
            yield* begun
          }),
        ),
      )
      expect(log).toEqual(["open", "fiber ended", "closed"])
    }),

    law(
      "Trio: nursery > failing fiber of a scope",
      "its failure ends the body, and the scope releases",
      ["scoped"],
      async (a) => {
        const log: string[] = []
        const exit = await a.run(
          a.scoped((scope) =>
            a.gen(function* () {
              yield* scope.acquire(a.pure(0), (_, end) => note(a, log, `closed ${end.status}`))
              yield* scope.start(andThen(a, a.yield(), a.fail("fiber")))
              yield* a.never
              log.push("went on")
            }),
          ),
        )
        expect(exit).toEqual(rejected("fiber"))
        expect(log).toEqual(["closed cancelled"])
      },
    ),

    law(
      "Trio: open_nursery > early exit",
      "a resource is not held by a fiber that outlives it",
      ["bracket"],
      async (a) => {
        let [open, seenOpen] = [0, true]
        const { begun, program } = endless(a)
        const use = a.flatMap(
          a.start(
            a.finally(
              program,
              a.sync(() => void (seenOpen &&= open === 1)),
            ),
          ),
          () => begun,
        )
        const member = a.bracket(
          a.sync(() => ++open),
          () => a.map(a.all([use]), () => "used"),
          () => void open--,
        )
        expect(await a.run(member)).toEqual(fulfilled("used"))
        expect([open, seenOpen]).toEqual([0, true])
      },
    ),
  ],
}
