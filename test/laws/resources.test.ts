import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { CancelledError, type Exit, type Fiber, Local, type Restore, Runtime, type Scope, Task } from "rapid-fiber"

/**
 * Random programs over everything that acquires, masks, groups, retries and shares, cancelled after every single thing
 * that they do and at every turn of the host that they take.
 *
 * Every run writes down its events. What holds of all of them, whatever the program and the moment, is in `faultsOf`.
 */
interface Program {
  readonly kind: string
  /** Chooses among the forms of a kind: how often, how many at once, as a Task or a function. */
  readonly n: number
  readonly parts: readonly Program[]
}

const QUICK = "pure sync yield sleep soon asyncNow asyncSoon promise local fail throw promiseReject".split(" ")
const ENDLESS = "never wait asyncNever promiseNever".split(" ")
const GROUPS = "zip all allSettled race any forEach timeout timeoutTo memoize resolvers abortOn".split(" ")
const NESTED = [...GROUPS, ..."then gen catch attempt tap locally retry repeat detached join".split(" ")]
/** The last part is what cleans up. */
const CLEANED = ["finally", "onCancel", "genTry", "bracket"]
const MASKED = ["uncancelable", "restore"]

const n = fc.nat({ max: 11 })
const program = (kind: fc.Arbitrary<string>, ...parts: fc.Arbitrary<Program>[]) =>
  fc.record({ kind, n, parts: fc.tuple(...parts) }) as fc.Arbitrary<Program>
const programs = (kind: fc.Arbitrary<string>, part: fc.Arbitrary<Program>) =>
  fc.record({ kind, n, parts: fc.array(part, { minLength: 1, maxLength: 3 }) }) as fc.Arbitrary<Program>

/**
 * `free` may wait for ever: somebody will cancel it. What is masked and what cleans up must end (`ending`), and so must
 * all that it starts. `held` is what runs under a mask whose `restore` may be used: there it may wait again.
 */
const { free } = fc.letrec<{ free: Program; held: Program; ending: Program }>((tie) => ({
  ending: fc.oneof(
    { depthSize: "xsmall", maxDepth: 3 },
    { weight: 3, arbitrary: program(fc.constantFrom(...QUICK)) },
    { weight: 3, arbitrary: programs(fc.constantFrom(...NESTED, "scoped", "start"), tie("ending")) },
    { weight: 1, arbitrary: program(fc.constantFrom(...CLEANED), tie("ending"), tie("ending")) },
    { weight: 1, arbitrary: program(fc.constantFrom(...MASKED), tie("ending")) },
  ),
  held: fc.oneof(
    { depthSize: "xsmall", maxDepth: 3 },
    { weight: 1, arbitrary: program(fc.constantFrom(...QUICK)) },
    { weight: 1, arbitrary: tie("ending") },
    { weight: 1, arbitrary: programs(fc.constantFrom("then", "gen", "catch", "attempt"), tie("held")) },
    { weight: 1, arbitrary: program(fc.constantFrom(...CLEANED), tie("held"), tie("ending")) },
    { weight: 2, arbitrary: program(fc.constant("restore"), tie("free")) },
  ),
  free: fc.oneof(
    { depthSize: "small", maxDepth: 4, withCrossShrink: true },
    { weight: 2, arbitrary: program(fc.constantFrom(...QUICK)) },
    { weight: 1, arbitrary: program(fc.constantFrom(...ENDLESS)) },
    { weight: 6, arbitrary: programs(fc.constantFrom(...NESTED, "scoped", "scoped", "start"), tie("free")) },
    { weight: 3, arbitrary: program(fc.constantFrom(...CLEANED), tie("free"), tie("ending")) },
    { weight: 2, arbitrary: program(fc.constant("uncancelable"), tie("held")) },
  ),
}))

/** `id` is that of a region, a resource, a group or a fiber. */
interface Event {
  readonly type: Type
  readonly fiber: number
  readonly id: number
  readonly exit?: Exit<unknown> | undefined
}
type Type =
  // A step of a body, of a masked region, of a cleanup, or of a generator between two `yield*`.
  | ("body" | "held" | "clean" | "gen")
  // A region is entered; its cleanup begins; its cleanup has ended. The same for what is acquired.
  | ("enter" | "leave" | "left" | "acquired" | "releasing" | "released")
  // A fiber has its first step; has ended. A group has ended.
  | ("born" | "dead" | "over")
  | ("requested" | "resolved")

interface Parent {
  readonly fiber: number
  readonly as: "member" | "child" | "memo" | "detached"
  readonly group: number
}

class Recorder {
  readonly events: Event[] = []
  readonly faults: string[] = []
  readonly parents = new Map<number, Parent>()
  readonly detached: Fiber<unknown, unknown>[] = []
  /** Regions that were entered under a mask or in a cleanup. */
  readonly sheltered = new Set<number>()
  /** Fibers with children, which they wait for at their end. */
  readonly families = new Set<number>()
  /** What cleanups have failed with. `undeniable` are those that ran because of a cancellation. */
  readonly unclean: Unclean[] = []
  /** What is registered in a scope, in order. */
  readonly kept: { readonly scope: number; readonly fiber: number; id: number | undefined; readonly is: Kept }[] = []
  /** How many are open. */
  iterators = 0
  onEvent: (count: number) => void = () => {}
  private ids = 0

  fresh(): number {
    return this.ids++
  }

  write(type: Type, fiber: number, id: number, exit?: Exit<unknown>): void {
    this.events.push({ type, fiber, id, exit })
    if (type !== "requested" && type !== "resolved") this.onEvent(this.events.length)
  }
}
type Kept = "resource" | "fiber"

interface Unclean {
  readonly fiber: number
  readonly error: unknown
  readonly undeniable: boolean
  /** The number of events until then. */
  readonly at: number
}

interface Place {
  readonly to: Recorder
  readonly fiber: number
  readonly mode: "body" | "held" | "clean"
  readonly local: number | undefined
  /** The innermost `restore` in sight, and whether it is of this fiber's own region. */
  readonly restore: Restore | undefined
  readonly works: boolean
}

const ROOT = -1
const local = Local.make(ROOT)

type AnyTask = Task<unknown, unknown>

function build(p: Program, at: Place): AnyTask {
  const { to, fiber, mode } = at
  const id = to.fresh()
  const note = Task.sync(() => to.write(mode, fiber, id))
  // In a member without a place of its own.
  const aside = Task.sync(() => to.write("held", fiber, id))
  const parts = () => p.parts.map((part) => build(part, at))
  const first = () => build(p.parts[0], at)
  const group = (task: AnyTask) => task.finally((exit) => to.write("over", fiber, id, exit))
  const members = () => p.parts.map((part) => member(part, at, { fiber, as: "member", group: id }))
  const concurrency = [1, 2, Infinity][p.n % 3]
  const error = () => new Error(`error ${id}`)
  switch (p.kind) {
    case "pure":
      return Task.pure(id)
    case "sync":
      return note
    case "yield":
      return Task.yield().andThen(note)
    case "sleep":
      return Task.sleep(0).andThen(note)
    case "soon":
      return Task.async<void>((resume) => {
        const soon = setImmediate(() => resume(note))
        return () => clearImmediate(soon)
      })
    case "asyncNow":
      return Task.async((resume) => resume(note))
    case "asyncSoon":
      return Task.async((resume) => queueMicrotask(() => resume(note)))
    case "asyncNever":
      return Task.async(() => Task.yield().andThen(Task.sync(() => to.write("clean", fiber, id))))
    case "promise":
      return Task.promise(() => Promise.resolve(id)).andThen(note)
    case "promiseNever":
      return Task.promise((signal) => new Promise((_, reject) => signal.addEventListener("abort", reject)))
    case "promiseReject":
      return Task.promise(() => Promise.reject(error()))
    case "never":
      return Task.never
    case "wait":
      return Task.sleep({ days: 60 })
    case "fail":
      return note.andThen(Task.defer(() => Task.fail(error())))
    case "throw":
      return Task.sync(() => {
        to.write(mode, fiber, id)
        throw error()
      })
    case "local":
      return local.get().tap((seen) => {
        to.write(mode, fiber, id)
        if (at.local !== undefined && seen !== at.local) to.faults.push(`expected the local ${at.local}, got ${seen}`)
      })
    case "then":
      return parts().reduce((task, next) => task.andThen(next), note)
    case "gen": {
      const steps = parts()
      return Task.gen(function* () {
        for (const step of steps) {
          yield* step
          to.write(mode === "body" ? "gen" : mode, fiber, id)
        }
      })
    }
    case "catch":
      return parts().reduceRight((next, task) => task.catch(() => note.andThen(next)), note)
    case "attempt":
      return first().attempt().andThen(note)
    case "tap":
      return note.tap(first).andThen(note)
    case "locally":
      return local.run(id, build(p.parts[0], { ...at, local: id })).andThen(build({ ...p, kind: "local" }, at))
    case "zip": {
      const [left, right] = members()
      return group(left.zip(right ?? aside))
    }
    case "all":
      return group(Task.all(shaped(members(), p.n), { concurrency }))
    case "allSettled":
      return group(Task.allSettled(shaped(members(), p.n), { concurrency }))
    case "race":
      return group(Task.race(p.n % 2 === 0 ? members() : new Set(members())))
    case "any":
      return group(Task.any(members()))
    case "forEach":
      return group(
        Task.forEach(
          counted(p.parts, to),
          (part) => member(part, at, { fiber, as: "member", group: id }),
          p.n === 0 ? undefined : { concurrency },
        ),
      )
    case "timeout":
      return group(members()[0].timeout(p.n % 3 === 0 ? 0 : { days: 60 })).andThen(note)
    case "timeoutTo":
      return group(members()[0].timeoutTo(p.n % 3 === 0 ? 0 : { days: 60 }, build(p.parts.at(-1)!, at)))
    case "retry":
      return Task.defer(first).retry({ times: p.n % 3 })
    case "repeat":
      return Task.defer(first).repeat({ times: p.n % 3 })
    case "memoize": {
      const memo = member(p.parts[0], at, { fiber, as: "memo", group: id }).memoize()
      const other = p.parts[1] === undefined ? aside : member(p.parts[1], at, { fiber, as: "member", group: id })
      const callers = [memo, other, memo]
      if (p.n % 4 === 0) return memo.andThen(memo).andThen(note)
      if (p.n % 4 === 1) return group(Task.race(callers))
      return group(p.n % 4 === 2 ? Task.all(callers) : Task.allSettled(callers))
    }
    case "resolvers": {
      const cell = Task.withResolvers<number>()
      const bring = Task.sync(() => void cell.resolve(id))
      const [producer, consumer] = [members()[0].finally(bring), cell.task.andThen(aside)]
      return group(Task.all(p.n % 2 === 0 ? [producer, consumer] : [consumer, producer]))
    }
    case "abortOn": {
      const controller = new AbortController()
      const abort = Task.yield().andThen(Task.sync(() => controller.abort(error())))
      if (p.n % 4 === 0) controller.abort(error())
      const limited = members()[0].abortOn(controller.signal)
      return group(p.n % 4 < 2 ? limited : Task.all([limited, abort]))
    }
    case "start":
      to.families.add(fiber)
      return member(p.parts[0], at, { fiber, as: "child", group: id })
        .start()
        .andThen(p.parts[1] === undefined ? note : build(p.parts[1], at))
    case "join":
      to.families.add(fiber)
      return member(p.parts[0], at, { fiber, as: "child", group: id })
        .start()
        .flatMap((started) => started.join())
    case "detached":
      // Masked, so that the handle is not lost.
      return Task.uncancelable(() =>
        member(p.parts[0], at, { fiber, as: "detached", group: id })
          .startDetached()
          .tap((started) => void to.detached.push(started)),
      ).flatMap((started) => started.join())
    case "finally":
      return region(p, at, id)
    case "onCancel": {
      const entered = entering(at, id).andThen(first())
      const task = entered.onCancel((reason) => cleaning(p.parts[1], at, id, { status: "cancelled", reason }))
      // Where there was no cancellation there is no cleanup, but the region is left.
      return task.finally((exit) => to.write("over", fiber, id, exit))
    }
    case "genTry": {
      const body = first()
      const failed = (error: unknown) => void to.unclean.push({ fiber, error, undeniable: false, at: to.events.length })
      const cleanup = build(p.parts[1], { ...at, mode: "clean", works: false }).tapError(failed)
      return Task.gen(function* () {
        try {
          enter(at, id)
          yield* body
        } finally {
          // A cleanup that was reached without a cancellation is code like any other, and may be cancelled.
          try {
            to.write("leave", fiber, id)
            yield* cleanup
          } finally {
            to.write("left", fiber, id)
          }
        }
      })
    }
    case "bracket":
      return bracketed(p, at, id)
    case "scoped":
      return scoped(p, at, id)
    case "uncancelable":
      return Task.uncancelable((restore) => {
        const masked = mode === "body" ? "held" : mode
        to.write(mode, fiber, id)
        const works = mode === "body"
        const strict = !JSON.stringify(p.parts).includes(`"restore"`)
        return build(p.parts[0], { ...at, mode: masked, restore, works }).finally((exit) => {
          if (strict && exit.status === "cancelled") to.faults.push(`the mask ${id} was cancelled`)
          to.write(masked, fiber, id, exit)
        })
      })
    case "restore": {
      if (at.restore === undefined) return first()
      return at.restore(build(p.parts[0], at.works ? { ...at, mode: "body" } : at))
    }
    default:
      throw new Error(`No program is of kind ${p.kind}`)
  }
}

/** A list in one of the shapes that a group takes. */
function shaped(tasks: AnyTask[], form: number): AnyTask[] {
  if (form % 4 === 1) return Object.fromEntries(tasks.entries()) as unknown as AnyTask[]
  if (form % 4 === 2) return new Set(tasks) as unknown as AnyTask[]
  return tasks
}

/** Iterables that must be closed, or come to their end, once each. */
function counted<T>(items: readonly T[], to: Recorder): Iterable<T> {
  return {
    [Symbol.iterator]: () => {
      let next = 0
      let over = 0
      to.iterators++
      const end = () => {
        to.iterators--
        if (++over > 1) to.faults.push("an iterator was closed after its end, or twice")
        return { done: true as const, value: undefined }
      }
      return { next: () => (next < items.length ? { done: false, value: items[next++] } : end()), return: end }
    },
  }
}

/** What runs in a fiber of its own, whose life is written down. */
function member(p: Program, at: Place, parent: Parent, told: (fiber: number) => void = () => {}): AnyTask {
  const { to } = at
  return Task.defer(() => {
    const fiber = to.fresh()
    told(fiber)
    to.parents.set(fiber, parent)
    const inner: Place = {
      ...at,
      fiber,
      mode: at.mode === "clean" ? "clean" : "body",
      works: false,
      local: parent.as === "memo" ? undefined : at.local,
    }
    if (parent.as === "detached") return build(p, inner)
    return Task.self().flatMap((self) => {
      to.write("born", fiber, parent.group)
      self.onExit((exit) => to.write("dead", fiber, parent.group, exit))
      return build(p, inner)
    })
  })
}

function enter({ to, fiber, mode }: Place, id: number): void {
  if (mode !== "body") to.sheltered.add(id)
  to.write("enter", fiber, id)
}

const entering = (at: Place, id: number) => Task.sync(() => enter(at, id))

/** A cleanup that is told `exit`; it must run to its end. */
function cleaning(p: Program, at: Place, id: number, exit: Exit<unknown> | undefined): AnyTask {
  const { to, fiber } = at
  const undeniable = exit !== undefined && leavesOf(exit).some((leaf) => leaf === STOPPED)
  const ran = Task.defer(() => build(p, { ...at, mode: "clean", works: false }))
    .tapError((error) => void to.unclean.push({ fiber, error, undeniable, at: to.events.length }))
    .finally((end) => {
      if (end.status === "cancelled") to.faults.push(`the cleanup ${id} was cancelled`)
      to.write("left", fiber, id, end)
    })
  if (exit === undefined) return Task.sync(() => to.write("leave", fiber, id)).andThen(ran)
  to.write("leave", fiber, id, exit)
  return ran
}

function region(p: Program, at: Place, id: number): AnyTask {
  const body = entering(at, id).andThen(build(p.parts[0], at))
  if (p.n % 2 === 0) return body.finally(cleaning(p.parts[1], at, id, undefined))
  return body.finally((exit) => cleaning(p.parts[1], at, id, exit))
}

/** Acquires a new resource, in one of some ways; `taken` is told its number in the step in which it is acquired. */
function acquiring(p: Program, at: Place, form: number, taken: (id: number) => void) {
  const take = Task.sync(() => {
    const id = at.to.fresh()
    taken(id)
    return id
  })
  if (form % 4 === 0) return take
  if (form % 4 === 1) return Task.yield().andThen(take)
  return (restore: Restore) => {
    // Inside another mask `restore` changes nothing, and what would wait for ever must not.
    if (form % 4 === 3 || at.mode !== "body") return restore(Task.yield()).andThen(take)
    return restore(build(p, { ...at, restore: undefined, works: false })).andThen(take)
  }
}

function bracketed(p: Program, at: Place, id: number): AnyTask {
  const { to, fiber } = at
  let used: Exit<unknown> | undefined
  return Task.bracket(
    acquiring(p.parts[0], at, p.n, (resource) => to.write("acquired", fiber, resource)),
    () => build(p.parts[0], at).finally((exit) => void (used = exit)),
    (resource, exit) => {
      to.write("releasing", fiber, resource, exit)
      // A cancellation may come between the end of the use and the release, and joins a cleanup's failure; nothing else may.
      if (used !== undefined && exit.status !== "cancelled" && !sameExit(used, exit) && !joins(used, exit)) {
        to.faults.push(`the release of ${resource} was told ${exit.status}, the use of ${id} was ${used.status}`)
      }
      if (used?.status === "cancelled" && exit.status !== "cancelled")
        to.faults.push(`the cancelled use ${id} was hidden`)
      return cleaning(p.parts[1], at, resource, exit).finally(() => to.write("released", fiber, resource))
    },
  )
}

function scoped(p: Program, at: Place, id: number): AnyTask {
  const { to, fiber } = at
  return Task.scoped((scope) => {
    enter(at, id)
    return p.parts.reduce<AnyTask>(
      (task, part, i) => task.andThen(Task.defer(() => kept(part, at, id, scope, p.n + i * 5))),
      Task.unit,
    )
  }).finally((exit) => {
    to.write("leave", fiber, id, exit)
    to.write("left", fiber, id, { status: "fulfilled", value: undefined })
  })
}

/** Something is registered in the scope, by the fiber that opened it or by another. */
function kept(p: Program, at: Place, scopeId: number, scope: Scope, form: number): AnyTask {
  const { to, fiber } = at
  const taken = (id: number) => {
    to.kept.push({ scope: scopeId, fiber, id, is: "resource" })
    to.write("acquired", fiber, id)
  }
  // What cleans up must end: a program that may not is run for its first steps only.
  const cleanup: Program = { kind: form % 2 === 0 ? "sync" : "yield", n: 0, parts: [] }
  const release = (id: number, exit: Exit<unknown>) => {
    to.write("releasing", fiber, id, exit)
    return cleaning(cleanup, at, id, exit).finally(() => to.write("released", fiber, id))
  }
  switch (form % 6) {
    case 0:
      return scope.acquire(acquiring(p, at, form >> 1, taken), release)
    case 1:
      return scope.use(
        Task.sync(() => {
          const id = to.fresh()
          taken(id)
          return disposable(id, at, form % 4 === 1)
        }),
      )
    case 2:
      return Task.uncancelable(() => {
        const id = to.fresh()
        const cleanup = (exit: Exit<unknown>) => release(id, exit)
        return scope.defer(cleanup).tap(() => taken(id))
      }).andThen(build(p, at))
    case 3: {
      to.families.add(fiber)
      const entry: Recorder["kept"][number] = { scope: scopeId, fiber, id: undefined, is: "fiber" }
      const known = (id: number) => void (entry.id = id)
      const started = scope.start(member(p, at, { fiber, as: "child", group: scopeId }, known))
      return Task.uncancelable(() => started.tap(() => void to.kept.push(entry)))
    }
    case 4: {
      // Another fiber acquires: the scope may be closed meanwhile, which is told by a failure.
      const elsewhere = scope.acquire(
        acquiring(p, at, 1, (id) => to.write("acquired", fiber, id)),
        release,
      )
      to.families.add(fiber)
      return elsewhere.attempt().start().andThen(build(p, at))
    }
    default:
      return build(p, at)
  }
}

function disposable(id: number, { to, fiber }: Place, sync: boolean): Disposable | AsyncDisposable {
  const released = () => to.write("released", fiber, id)
  if (sync) {
    return {
      [Symbol.dispose]: () => {
        to.write("releasing", fiber, id)
        released()
      },
    }
  }
  return {
    [Symbol.asyncDispose]: () => {
      to.write("releasing", fiber, id)
      return Promise.resolve().then(released)
    },
  }
}

// --- what holds of every run -----------------------------------------------------------------------------------------

/** Stand for the request, and for other cancellations, among the reasons of an exit. */
const STOPPED = Symbol("stopped")
const CANCELLED = Symbol("cancelled")

/** All that went into a reason, through what joins failures. */
function leaves(reason: unknown): unknown[] {
  if (reason instanceof CancelledError) return [reason.cause === "stop" ? STOPPED : CANCELLED]
  if (reason instanceof AggregateError) return reason.errors.flatMap(leaves)
  if (reason instanceof Error && reason.name === "SuppressedError") {
    const { error, suppressed } = reason as Error & { error: unknown; suppressed: unknown }
    return [...leaves(error), ...leaves(suppressed)]
  }
  return [reason]
}

function leavesOf(exit: Exit<unknown>): unknown[] {
  if (exit.status === "cancelled") return [exit.reason === "stop" ? STOPPED : CANCELLED]
  return exit.status === "rejected" ? leaves(exit.reason) : []
}

function sameExit(left: Exit<unknown>, right: Exit<unknown>): boolean {
  if (left.status === "fulfilled") return right.status === "fulfilled" && left.value === right.value
  return left.status === right.status && left.reason === right.reason
}

/** Whether an exit is another one that a cancellation has joined. */
function joins(before: Exit<unknown>, after: Exit<unknown>): boolean {
  const now = leavesOf(after)
  return (
    before.status === "rejected" &&
    now.some((leaf) => typeof leaf === "symbol") &&
    leavesOf(before).every((leaf) => now.includes(leaf))
  )
}

interface Run {
  readonly to: Recorder
  readonly fiber: Fiber<unknown, unknown>
  /** Where among the events the request came. */
  readonly requested: number
  /** The outcome of the body when the request came, if there was one; children may still run then. */
  readonly before: Exit<unknown> | undefined
  readonly wasOver: boolean
  readonly exit: Exit<unknown>
}

function faultsOf({ to, requested, before, wasOver, exit }: Run): string[] {
  const { events, parents, unclean } = to
  const faults = [...to.faults]
  const fault = (holds: boolean, what: string) => {
    if (!holds) faults.push(what)
  }
  const at = new Map<string, number[]>()
  events.forEach(({ type, fiber, id }, i) => {
    const key = `${type} ${type === "born" || type === "dead" ? fiber : id}`
    const list = at.get(key)
    if (list === undefined) at.set(key, [i])
    else list.push(i)
  })
  const places = (type: Type, id: number) => at.get(`${type} ${id}`) ?? []
  const isDetached = (fiber: number): boolean => {
    const parent = parents.get(fiber)
    return parent !== undefined && (parent.as === "detached" || isDetached(parent.fiber))
  }

  // Regions nest in each fiber and are left once, in reverse; what is acquired is released once.
  const open = new Map<number, number[]>()
  for (const [i, { type, fiber, id, exit }] of events.entries()) {
    const stack = open.get(fiber) ?? []
    open.set(fiber, stack)
    if (type === "enter") stack.push(id)
    if (type === "leave" && places("enter", id).length > 0) {
      fault(stack.at(-1) === id, `region ${id} was left before ${stack.at(-1)}`)
      stack.splice(stack.lastIndexOf(id), 1)
    }
    // Where onCancel had nothing to do.
    if (type === "over" && stack.at(-1) === id) stack.pop()
    if (type === "leave") fault(places("leave", id).length === 1, `region ${id} was left twice`)
    if (type === "leave") fault(places("left", id).length === 1, `the cleanup of ${id} did not end`)
    if (type === "acquired") {
      fault(places("releasing", id).length === 1, `resource ${id}: ${places("releasing", id).length} releases`)
      fault(places("released", id).length === 1, `resource ${id}: ${places("released", id).length} releases ended`)
    }
    if (type === "releasing") fault(places("acquired", id).length === 1, `${id} was released, not acquired`)
    if (type === "dead") fault(places("dead", fiber).length === 1, `fiber ${fiber} ended twice`)
    if (type === "born") {
      const [end] = places("dead", fiber)
      fault(end !== undefined, `fiber ${fiber} has not ended`)
      const parent = parents.get(fiber)!
      const [parentEnd] = places("dead", parent.fiber)
      if (end !== undefined && parentEnd !== undefined)
        fault(end < parentEnd, `fiber ${fiber} ended after its parent ${parent.fiber}`)
    }
    // A group has awaited its members.
    if (type === "over") {
      for (const [member, { group, as }] of parents) {
        const [born, dead] = [places("born", member)[0], places("dead", member)[0]]
        if (group !== id || as === "child" || as === "detached" || born === undefined || born > i) continue
        fault(dead !== undefined && dead < i, `group ${id} ended before its member ${member}`)
        if (dead === undefined || exit?.status !== "cancelled") continue
        // What fails on its way to the cancellation gives way to it (D19); what a cleanup fails with after it is not lost.
        const after = unclean.filter((u) => u.fiber === member && u.undeniable && u.at > requested)
        const lost = after.map(({ error }) => error)
        fault(
          lost.length === 0,
          `group ${id} was cancelled, and what its member ${member} failed with is lost: ${lost}`,
        )
      }
    }
    // Nothing of a fiber runs after its end.
    if (type !== "dead" && type !== "requested" && type !== "resolved" && parents.get(fiber)?.as !== "detached") {
      const [end] = places("dead", fiber)
      fault(end === undefined || i < end, `${type} ${id} of fiber ${fiber} came after its end`)
    }
    if (requested >= 0 && i > requested && fiber === ROOT) {
      // A generator may go on to its next `yield*` from an operation in the midst of which the request came.
      const late =
        type === "body" || (type === "gen" && i > requested + 1) || (type === "enter" && !to.sheltered.has(id))
      fault(!late, `${type} ${id} of the root came after the request`)
    }
  }
  for (const stack of open.values()) fault(stack.length === 0, `never left: ${stack}`)

  fault(to.iterators === 0, `${to.iterators} iterators were not closed`)

  // A scope releases in reverse, one at a time.
  const begun = (id: number) => places("releasing", id)[0] ?? Infinity
  for (const [i, early] of to.kept.entries()) {
    for (const late of to.kept.slice(i + 1)) {
      if (early.scope !== late.scope || early.fiber !== late.fiber || early.is === "fiber") continue
      if (early.id === undefined || late.id === undefined) continue
      const [end] = places(late.is === "fiber" ? "dead" : "released", late.id)
      if (late.is === "fiber" && places("born", late.id).length === 0) continue
      fault(end !== undefined && end < begun(early.id), `the scope released ${early.id} before ${late.id} was`)
    }
  }

  // Nothing happens after the end, and `cancel()` waits for it.
  const end = events.findIndex(({ type, fiber }) => type === "dead" && fiber === ROOT)
  fault(end >= 0, "the root did not end")
  for (const { type, fiber, id } of events.slice(end + 1)) {
    fault(type === "requested" || type === "resolved" || isDetached(fiber), `${type} ${id} came after the end`)
  }
  if (requested >= 0) {
    const resolved = events.findIndex(({ type }) => type === "resolved")
    fault(resolved > end, "cancel() resolved before the end")
  }

  // The outcome.
  const excuses = new Set(unclean.flatMap(({ error }) => leaves(error)))
  for (const event of events) {
    if (event.type !== "dead" || event.fiber === ROOT) continue
    // A child's failure counts whenever it comes. That of a member gives way to the cancellation, unless its body had
    // failed before and it was waiting for its children: then the cancellation came too late for it.
    const reasons = leavesOf(event.exit!)
    if (parents.get(event.fiber)?.as !== "child" && !to.families.has(event.fiber)) continue
    for (const leaf of reasons) excuses.add(leaf)
  }
  for (const cancelled of [STOPPED, CANCELLED]) excuses.delete(cancelled)
  const excused = leavesOf(exit).some((leaf) => excuses.has(leaf))
  const stopped = exit.status === "cancelled" && exit.reason === "stop"
  if (before !== undefined) fault(sameExit(before, exit) || excused || (stopped && !wasOver), "the outcome has changed")
  else if (requested >= 0) {
    if (exit.status === "cancelled") fault(exit.reason === "stop", "the reason has changed")
    fault(exit.status !== "fulfilled", "a cancelled program succeeded")
    if (exit.status === "rejected") {
      fault(excused, `a cancelled program failed with ${String(exit.reason)}, of which no cleanup is to blame`)
    }
  }
  // What a cleanup fails with during a cancellation is in the outcome of its fiber.
  for (const { fiber, error, undeniable } of unclean) {
    const own = events.find((event) => event.type === "dead" && event.fiber === fiber)?.exit
    if (!undeniable || own === undefined || (fiber === ROOT && (requested < 0 || before !== undefined))) continue
    const held = new Set(leavesOf(own))
    if (own.status !== "cancelled" && !events.some((e) => e.type === "requested")) continue
    fault(
      own.status === "fulfilled" || leaves(error).every((leaf) => typeof leaf === "symbol" || held.has(leaf)),
      `what a cleanup of ${fiber} failed with is lost: ${String(error)}`,
    )
  }
  return faults
}

// --- running and cancelling ------------------------------------------------------------------------------------------

interface Started {
  readonly to: Recorder
  readonly end: () => Run
  readonly request: () => void
  readonly isOver: () => boolean
}

/** Starts the program; `at` says after which of its events it is cancelled from inside. */
function begin(p: Program, runtime: Runtime, when: number | undefined): Started {
  const to = new Recorder()
  let requested = -1
  let before: Exit<unknown> | undefined
  let fiber: Fiber<unknown, unknown> | undefined
  let outcome: Exit<unknown> | undefined
  let wasOver = false
  let resolved = false
  const request = () => {
    if (requested >= 0 || fiber === undefined) return
    before = fiber.poll() ?? outcome
    wasOver = fiber.poll() !== undefined
    requested = to.events.length
    to.write("requested", ROOT, -1)
    fiber.abort("stop")
    fiber
      .cancel("too late")
      .andThen(
        Task.sync(() => {
          to.write("resolved", ROOT, -1)
          resolved = true
        }),
      )
      .runAndForget({ runtime })
  }
  to.onEvent = (count) => {
    if (count === when) request()
  }
  const place: Place = { to, fiber: ROOT, mode: "body", local: ROOT, restore: undefined, works: false }
  // There is a boundary behind the last step, so that a request in the midst of it is delivered.
  const task = Task.defer(() => build(p, place))
    .map((value) => value)
    .tapError(() => {})
    .finally((exit) => void (outcome ??= exit))
  // Known before the first step, and also where that step has to wait for its turn.
  const know = (self: Fiber<unknown, unknown>) => {
    if (fiber !== undefined) return
    fiber = self
    self.onExit((exit) => to.write("dead", ROOT, -1, exit))
  }
  know(Task.self().tap(know).andThen(task).run({ runtime }))
  return {
    to,
    request,
    isOver: () => fiber?.poll() !== undefined && (requested < 0 || resolved),
    end: () => ({ to, fiber: fiber!, requested, before, wasOver, exit: fiber!.poll()! }),
  }
}

const immediate = () =>
  new Promise<void>((resolve) => {
    setImmediate(resolve)
  })

/**
 * Gives the host turns until all are over; false if they hang. Beside others a program may take another course and stand
 * still before it comes to its moment: it is cancelled then.
 */
async function areOver(runs: readonly Started[], onTurn: (turn: number) => void = () => {}): Promise<boolean> {
  for (let turn = 0; turn < 400; turn++) {
    if (runs.every((run) => run.isOver())) return true
    onTurn(turn)
    for (const run of turn < 20 ? [] : runs) if (!run.isOver()) run.request()
    await (turn < 100 ? immediate() : new Promise((resolve) => setTimeout(resolve, 1)))
  }
  return false
}

/** Runs the program until it ends or stands still, then cancels it; how many events and turns that took. */
async function naturally(p: Program, runtime: Runtime): Promise<{ run: Started; events: number; turns: number }> {
  const run = begin(p, runtime, undefined)
  let turns = 0
  for (let still = 0; still < 4 && !run.isOver(); turns++) {
    const seen = run.to.events.length
    await immediate()
    still = run.to.events.length === seen ? still + 1 : 0
  }
  const events = run.to.events.length
  return { run, events, turns: Math.min(turns, 8) }
}

async function checkEveryStep(p: Program, budget: number, clock: "wheel" | "platform"): Promise<void> {
  const reported: unknown[] = []
  const runtime = Runtime.make({ budget, clock, onUnhandled: (reason) => void reported.push(reason) })
  const { run, events, turns } = await naturally(p, runtime)
  const ended = run.isOver()
  if (!ended) run.request()
  const inside = Array.from({ length: events }, (_, i) => begin(p, runtime, i + 1))
  const outside = Array.from({ length: turns }, () => begin(p, runtime, undefined))
  const runs = [run, ...inside, ...outside]
  const all = await areOver(runs, (turn) => outside[turn]?.request())
  if (!all) {
    const hanging = runs.find((run) => !run.isOver())!
    throw new Error(`The program hangs, cancelled at ${runs.indexOf(hanging)} of ${events}: ${show(hanging.to)}`)
  }
  const lengths = runs.map(({ to }) => to.events.length)
  const detached = () => runs.flatMap(({ to }) => to.detached)
  for (let turn = 0; turn < 100 && (turn < 2 || detached().some((fiber) => fiber.poll() === undefined)); turn++) {
    for (const fiber of detached()) fiber.abort()
    await immediate()
  }
  for (const [i, run] of runs.entries()) {
    const faults = faultsOf(run.end())
    if (detached().length === 0 && run.to.events.length !== lengths[i]) faults.push("something came after the end")
    if (faults.length > 0) throw new Error(`Run ${i} of ${events}: ${faults.join("; ")}\n${show(run.to)}`)
  }
  // Nobody may have been there any more to see how a detached fiber failed; nothing else goes unobserved.
  if (detached().length === 0) expect(reported).toEqual([])
}

function show(to: Recorder): string {
  const lines = to.events.map(({ type, fiber, id, exit }) => `${type} ${id} by ${fiber} ${exit?.status ?? ""}`)
  return lines.join("\n")
}

describe("a random program that is cancelled at each of its steps and at each turn of the host", () => {
  it("releases what it acquired, once and in reverse, and ends with nothing left", { timeout: 120_000 }, async () => {
    const budgets = fc.constantFrom(1, 2, 3, 7, 1024)
    const clocks = fc.constantFrom("wheel" as const, "platform" as const)
    await fc.assert(fc.asyncProperty(free, budgets, clocks, checkEveryStep), { numRuns: 3000 })
  })
})
