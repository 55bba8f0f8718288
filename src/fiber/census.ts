/**
 * All fibers of a scheduler, for who looks at it: parents before their children, and no more of them than asked for. Reading
 * changes nothing that a program can see.
 */
import { FiberCore } from "./fiber.ts"
import { Group } from "./group.ts"
import { type Owner, Waiter } from "./waiter.ts"
import type { Scheduler } from "./scheduler.ts"
import type { ReadyQueue } from "./seams.ts"
import { CANCELLING, CLOSING, DONE, SUSPENDED } from "./state.ts"

/** What a fiber does. */
export type FiberState =
  | "running"
  /** In the queue of those who are to run. */
  | "ready"
  | "sleeping"
  /** For a callback, a promise, another fiber, a primitive. */
  | "waiting"
  /** Its body has ended; it waits for its children. */
  | "ending"

export interface Counted {
  readonly fiber: FiberCore
  readonly parent: FiberCore | undefined
}

export interface Census {
  readonly fibers: readonly Counted[]
  /** Sleepers of which nothing is left but a function: nobody holds them. */
  readonly loose: number
  /** How many sleepers were looked at. */
  readonly sleepers: number
  /** There are more. */
  readonly partial: boolean
}

/** Looks at `most` fibers and as many sleepers, at the most: at all, or at one and those below it. */
export function census(scheduler: Scheduler, most: number, root?: FiberCore): Census {
  const found = new Map<FiberCore, FiberCore | undefined>()
  let partial = false
  /** False when there is room for no more. */
  const add = (fiber: FiberCore, parent: FiberCore | undefined): boolean => {
    if (fiber.state & DONE || found.has(fiber)) return true
    if (found.size === most) return !(partial = true)
    found.set(fiber, parent)
    return true
  }
  const addAll = (first: FiberCore | undefined, parent: FiberCore | undefined): void => {
    for (let fiber = first; fiber !== undefined; fiber = fiber.next) if (!add(fiber, parent)) return
  }
  const addRoot = (entry: unknown): void => {
    const fiber = entry instanceof Group ? entry.fiber : entry
    if (fiber instanceof FiberCore && fiber.parent === undefined) add(fiber, undefined)
  }

  let sleepers = 0
  let loose = 0
  const addRoots = (): void => {
    addRoot(scheduler.current)
    addAll(scheduler.roots.children, undefined)
    forEachReady(scheduler.ready, most, addRoot)
    if (scheduler.ready.size > most) partial = true
    try {
      scheduler.clock.forEach((sleeper) => {
        if (sleepers >= most) throw ENOUGH
        sleepers++
        if (!(sleeper instanceof FiberCore || sleeper instanceof Group)) loose++
        addRoot(sleeper)
      })
    } catch (thrown) {
      // A visit has no other way to be over; nothing has been changed by it.
      if (thrown !== ENOUGH) throw thrown
      partial = true
    }
  }

  if (root === undefined) addRoots()
  else add(root, undefined)
  // A map is gone through in the order of adding, with what is added meanwhile.
  for (const fiber of found.keys()) for (const first of families(fiber)) addAll(first, fiber)
  return { fibers: [...found].map(([fiber, parent]) => ({ fiber, parent })), loose, sleepers, partial }
}

const ENOUGH = Symbol("enough")

/** There is no other way to see who is in a queue than to let it go round; unless it can show them. */
function forEachReady(ready: ReadyQueue, most: number, visit: (entry: unknown) => void): void {
  if (ready.forEach !== undefined) return ready.forEach(visit)
  for (let left = ready.size <= most ? ready.size : 0; left > 0; left--) {
    const entry = ready.shift()
    ready.push(entry)
    visit(entry)
  }
}

/** What a fiber does now. */
export function fiberState(fiber: FiberCore): FiberState {
  if (fiber.state & CLOSING) return "ending"
  if (!(fiber.state & SUSPENDED)) return fiber.loop.current === fiber ? "running" : "ready"
  return typeof fiber.cur === "number" ? "sleeping" : "waiting"
}

/** It has been asked to stop. */
export function isCancelling(fiber: FiberCore): boolean {
  return (fiber.state & CANCELLING) !== 0
}

/** Its children, and the members of a group that it waits for; no more than `most`. */
export function childrenOf(fiber: FiberCore, most: number): FiberCore[] {
  const found: FiberCore[] = []
  for (const first of families(fiber)) {
    for (let child = first; child !== undefined && found.length < most; child = child.next) found.push(child)
  }
  return found
}

/** The first of each list of its children. */
function families(fiber: FiberCore): readonly (FiberCore | undefined)[] {
  const group = fiber.state & SUSPENDED && fiber.cur instanceof Group ? fiber.cur.children : undefined
  return [fiber.side?.children, group]
}

/** What it waits for, in the words of the API; undefined where it waits for nothing. */
export function waitsFor(fiber: FiberCore): string | undefined {
  if (fiber.state & CLOSING) return "children"
  if (!(fiber.state & SUSPENDED)) return undefined
  const wait: unknown = fiber.cur
  if (typeof wait === "number") return "sleep"
  if (wait instanceof Group) return "group"
  return (wait as { readonly what?: string } | undefined)?.what ?? "never"
}

/** The primitive in whose line it waits. */
export function lineOf(fiber: FiberCore): Owner | undefined {
  return fiber.state & SUSPENDED && fiber.cur instanceof Waiter ? fiber.cur.owner : undefined
}
