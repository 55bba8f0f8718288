/**
 * All fibers of a scheduler, for who looks at it: parents before their children, and no more of them than asked for. Reading
 * changes nothing that a program can see.
 */
import { FiberCore } from "./fiber.ts"
import { Group } from "./group.ts"
import { type Owner, Waiter } from "./waiter.ts"
import type { Scheduler } from "./scheduler.ts"
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
  /** There are more. */
  readonly partial: boolean
}

/** Looks at `most` fibers and as many sleepers, at the most. */
export function census(scheduler: Scheduler, most: number): Census {
  const found = new Map<FiberCore, FiberCore | undefined>()
  let partial = false
  /** False when there is room for no more. */
  const add = (fiber: FiberCore, parent: FiberCore | undefined): boolean => {
    if (fiber.state & DONE || found.has(fiber)) return true
    if (found.size < most) found.set(fiber, parent)
    else partial = true
    return !partial
  }
  const addAll = (first: FiberCore | undefined, parent: FiberCore | undefined): void => {
    for (let fiber = first; fiber !== undefined; fiber = fiber.next) if (!add(fiber, parent)) return
  }
  const addRoot = (entry: unknown): void => {
    const fiber = entry instanceof Group ? entry.fiber : entry
    if (fiber instanceof FiberCore && fiber.parent === undefined) add(fiber, undefined)
  }

  addRoot(scheduler.current)
  addAll(scheduler.roots.children, undefined)
  for (let left = scheduler.ready.size; left > 0; left--) {
    const entry = scheduler.ready.shift()
    scheduler.ready.push(entry)
    addRoot(entry)
  }
  let sleepers = 0
  let loose = 0
  try {
    scheduler.clock.forEach((sleeper) => {
      if (sleepers++ >= most) throw ENOUGH
      if (!(sleeper instanceof FiberCore || sleeper instanceof Group)) loose++
      addRoot(sleeper)
    })
  } catch (thrown) {
    // A visit has no other way to be over; nothing has been changed by it.
    if (thrown !== ENOUGH) throw thrown
    partial = true
  }
  // A map is gone through in the order of adding, with what is added meanwhile.
  for (const fiber of found.keys()) {
    addAll(fiber.side?.children, fiber)
    if (fiber.state & SUSPENDED && fiber.cur instanceof Group) addAll(fiber.cur.children, fiber)
  }
  return { fibers: [...found].map(([fiber, parent]) => ({ fiber, parent })), loose, partial }
}

const ENOUGH = Symbol("enough")

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

/** How many children it has, those of a group that it waits for included; counted up to `most`. */
export function childCount(fiber: FiberCore, most: number): number {
  let count = 0
  for (const first of [
    fiber.side?.children,
    fiber.state & SUSPENDED && fiber.cur instanceof Group ? fiber.cur.children : undefined,
  ]) {
    for (let child = first; child !== undefined && count < most; child = child.next) count++
  }
  return count
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
