/**
 * Who waits for what: the fibers of a scheduler at rest, as a list that a person can act on.
 *
 * A fiber waits for other fibers (a join, its children, the members of a group) or for something else, which is then the
 * end of the chain. A chain that ends nowhere is a deadlock: it comes back to itself, or ends at a Completable that nobody
 * is left to complete, or in the line of a primitive that nobody is left to serve.
 */
import * as family from "./family.ts"
import { FiberCore } from "./fiber.ts"
import { Group } from "./group.ts"
import { Observer } from "./observer.ts"
import { Registration } from "./registration.ts"
import type { Scheduler } from "./scheduler.ts"
import { CLOSING, DONE, HELD, SUSPENDED } from "./state.ts"
import { Waiter } from "./waiter.ts"

/** A fiber and what keeps it. */
export interface Waiting {
  /** The fiber's name. */
  readonly fiber: string
  /** What it waits for, as a phrase: "the end of worker", "a promise", "a sleep". */
  readonly on: string
  /** The names of the fibers among that. */
  readonly fibers: ReadonlyArray<string>
}

/** Fibers that wait for each other, or for what nobody is left to bring. */
export interface DeadlockReport {
  readonly waiting: ReadonlyArray<Waiting>
  /** Names of fibers of which each waits for the next, and the last for the first. */
  readonly cycles: ReadonlyArray<ReadonlyArray<string>>
  /** The same as lines of text. */
  toString(): string
}

type Name = (fiber: FiberCore) => string
/** What a wait for something that is no fiber is called. */
type Leaf = "completable" | "waiter" | "never" | "promise" | "async" | "sleep" | "ready"

const PHRASE: Readonly<Record<Exclude<Leaf, "waiter">, string>> = {
  completable: "a Completable",
  never: "nothing (Task.never)",
  promise: "a promise",
  async: "a callback (Task.async)",
  sleep: "a sleep",
  ready: "its turn",
}

/** So many are named in a phrase. */
const NAMED = 10

/** All fibers of a scheduler that wait, roots first, the oldest ones in front. What is ready is found where somebody waits for it. */
export function fibersOf(scheduler: Scheduler): FiberCore[] {
  const found = new Set<FiberCore>()
  const visit = (fiber: FiberCore): void => {
    if (!(fiber.state & DONE)) found.add(fiber)
  }
  // The list has the youngest root in front.
  for (const root of family.list(scheduler.roots).toReversed()) visit(root)
  scheduler.clock.forEach((sleeper) => {
    if (sleeper instanceof FiberCore) visit(sleeper)
    else if (sleeper instanceof Group) visit(sleeper.fiber)
  })
  // A set is gone through in the order of adding, with what is added meanwhile.
  for (const fiber of found) {
    for (const child of family.list(fiber.side)) visit(child)
    for (const target of targetsOf(fiber)) if (leafOf(target) !== "completable") visit(target)
  }
  return [...found]
}

/** What one fiber waits for. */
export function waitOf(fiber: FiberCore, name: Name = (one) => one.name): Waiting {
  const targets = targetsOf(fiber)
  const leaf = targets.length === 0 ? leafOf(fiber) : undefined
  const fibers = targets.filter((target) => leafOf(target) !== "completable").map(name)
  return { fiber: name(fiber), on: leaf === undefined ? phrase(fiber, targets, name) : leafPhrase(fiber, leaf), fibers }
}

/** The same as a phrase alone, which names few of many. */
export function waitPhrase(fiber: FiberCore): string {
  const many =
    fiber.state & CLOSING ? fiber.side : fiber.state & SUSPENDED && fiber.cur instanceof Group ? fiber.cur : undefined
  if (many === undefined) return waitOf(fiber).on
  const some: FiberCore[] = []
  let count = 0
  for (let child = many.children; child !== undefined; child = child.next) if (count++ < NAMED) some.push(child)
  return phrase(fiber, fiber.state & CLOSING ? some : some.toReversed(), (one) => one.name, count)
}

/** The fibers that will wait for ever, unless something outside brings what they wait for; `Task.never` is meant. */
export function stuckIn(scheduler: Scheduler): FiberCore[] {
  return fibersOf(scheduler).filter((fiber) => !wanted(fiber))
}

/** The report about these fibers. */
export function reportOf(stuck: ReadonlyArray<FiberCore>, name: Name = (one) => one.name): DeadlockReport {
  const waiting = stuck.map((fiber) => waitOf(fiber, name))
  const cycles = cyclesOf(stuck).map((cycle) => cycle.map(name))
  const text = [
    ...waiting.map(({ fiber, on }) => `${fiber} waits for ${on}`),
    ...cycles.map((cycle) => `a circle: ${[...cycle, cycle[0]].join(" → ")}`),
  ].join("\n")
  return { waiting, cycles, toString: () => text }
}

function targetsOf(fiber: FiberCore): FiberCore[] {
  if (fiber.state & CLOSING) return family.list(fiber.side)
  if (!(fiber.state & SUSPENDED)) return []
  if (fiber.cur instanceof Group) return family.list(fiber.cur).toReversed()
  return fiber.cur instanceof Observer ? [fiber.cur.target] : []
}

function leafOf(fiber: FiberCore): Leaf {
  // Nobody has ever had the handle of a Completable's fiber: it has no body to run.
  if (!(fiber.state & (HELD | SUSPENDED | CLOSING)) && fiber.parent === undefined) return "completable"
  if (!(fiber.state & SUSPENDED)) return "ready"
  const wait: unknown = fiber.cur
  if (typeof wait === "number") return "sleep"
  if (wait instanceof Waiter) return "waiter"
  return wait instanceof Registration ? wait.what : "never"
}

function leafPhrase(fiber: FiberCore, leaf: Leaf): string {
  return leaf === "waiter" ? (fiber.cur as Waiter).what : PHRASE[leaf]
}

function phrase(fiber: FiberCore, targets: ReadonlyArray<FiberCore>, name: Name, count = targets.length): string {
  const names = targets
    .slice(0, NAMED)
    .map((target) => (leafOf(target) === "completable" ? PHRASE.completable : name(target)))
  const list = names.join(", ") + (count > NAMED ? ` and ${count - NAMED} more` : "")
  if (fiber.state & CLOSING) return `its children: ${list}`
  if (fiber.cur instanceof Group) return `the members of its group: ${list}`
  return names[0] === PHRASE.completable ? PHRASE.completable : `the end of ${names[0]}`
}

/** Something at the end of the chain is a wait that is meant, or may still be over. */
function wanted(fiber: FiberCore): boolean {
  const seen = new Set<FiberCore>([fiber])
  for (const one of seen) {
    const targets = targetsOf(one)
    if (targets.length === 0 && !broughtByHand(leafOf(one))) return true
    for (const target of targets) seen.add(target)
  }
  return false
}

/** Nothing but another fiber, or a call from outside, ends it. */
function broughtByHand(leaf: Leaf): boolean {
  return leaf === "completable" || leaf === "waiter"
}

/** Each circle once, from where it was met first: depth first, without the JS stack. */
function cyclesOf(fibers: ReadonlyArray<FiberCore>): FiberCore[][] {
  const cycles: FiberCore[][] = []
  const done = new Set<FiberCore>()
  for (const start of fibers) {
    const path: FiberCore[] = []
    const left: FiberCore[][] = [[start]]
    while (left.length > 0) {
      const fiber = left.at(-1)?.pop()
      if (fiber === undefined) {
        void left.pop()
        const ended = path.pop()
        if (ended !== undefined) done.add(ended)
      } else if (path.includes(fiber)) {
        cycles.push(path.slice(path.indexOf(fiber)))
      } else if (!done.has(fiber)) {
        path.push(fiber)
        left.push(targetsOf(fiber))
      }
    }
  }
  return cycles
}
