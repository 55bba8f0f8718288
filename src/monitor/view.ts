/** What can be seen of a running program: plain data, each piece bounded, so that it can be asked for often and sent as JSON. */

import type { FiberState } from "../fiber/index.ts"

export type { FiberState }

/** A line of a list. */
export interface FiberRow {
  readonly id: number
  readonly name: string
  readonly state: FiberState
  /** What it waits for, in the words of the API: "sleep", "promise", "queue.take". */
  readonly waitsFor?: string
  /** Milliseconds for which it has been waiting, where that is known. */
  readonly since?: number
  /** Milliseconds until it wakes, of a sleeper. */
  readonly wakesIn?: number
  /** How many live children it has. */
  readonly children: number
  /** Its parent, unless it is a root. */
  readonly parent?: number
  /** It has been asked to stop. */
  readonly cancelling: boolean
}

export interface FiberDetail extends FiberRow {
  /** Its ancestors, the root first. */
  readonly path: readonly FiberRow[]
  /** The tasks that wait for it to go on, innermost first: `<flatMap> loadUser (file:line:column)`. Empty without tracing. */
  readonly trace: readonly string[]
}

/** Which fibers, in which order. */
export interface FiberQuery {
  /** Children of this one only; of nobody (0): the roots. Without it, all. */
  readonly parent?: number
  /** Part of a name or of what is waited for, in any case; or an id. */
  readonly search?: string
  readonly state?: FiberState
  /** Exactly this name, as in a group. */
  readonly name?: string
  /** Waits for exactly this. */
  readonly waitsFor?: string
  readonly sort?: "id" | "name" | "state" | "since" | "children"
  readonly descending?: boolean
  /** Default 0. */
  readonly offset?: number
  /** Default 100, at most 1000. */
  readonly limit?: number
}

export interface FiberPage {
  readonly rows: readonly FiberRow[]
  /** How many match, among those that were looked at. */
  readonly matching: number
  /** Not all fibers were looked at: there are too many to do so in one go. */
  readonly partial: boolean
}

/** Fibers that look the same. */
export interface FiberGroup {
  readonly name: string
  readonly state: FiberState
  readonly waitsFor?: string
  readonly count: number
  /** False: they are counted only, and in no list. */
  readonly listed: boolean
}

/** What several fibers wait for: a semaphore, a queue. */
export interface WaitedFor {
  readonly what: string
  readonly waiters: number
}

export interface Failure {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly fiber: string
  /** The error as text, with its stack. */
  readonly error: string
}

export interface Overview {
  /** Milliseconds since 1970. */
  readonly time: number
  /** Milliseconds for which the program has been watched. */
  readonly uptime: number
  /** How many there are now; sleeping are time limits, too. */
  readonly fibers: {
    readonly live: number
    readonly ready: number
    readonly sleeping: number
    readonly outside: number
  }
  /** How many so far. */
  readonly counts: {
    readonly started: number
    readonly succeeded: number
    readonly failed: number
    readonly cancelled: number
    /** Operations of the interpreter. */
    readonly operations: number
  }
  /** Milliseconds by which a timer of the host came late: of the last second, the mean and the most. */
  readonly eventLoopDelay: { readonly mean: number; readonly max: number }
  /** Bytes. */
  readonly heap: number
  /** Sleepers by when they wake: those below `upTo` milliseconds and not in an earlier one. The last one has no bound. */
  readonly sleepers: readonly { readonly upTo: number | null; readonly count: number }[]
  /** The largest groups first, at most 50; of the fibers that were looked at. */
  readonly groups: readonly FiberGroup[]
  /** The longest lines first, at most 50. */
  readonly primitives: readonly WaitedFor[]
  /** The last 50, the newest first. */
  readonly failures: readonly Failure[]
  /** `groups` and `primitives` are of a part of the fibers: there are too many to look at all. */
  readonly partial: boolean
}

/** Looks at a running program. Everything is as of the call. */
export interface Probe {
  overview(): Overview
  fibers(query: FiberQuery): FiberPage
  fiber(id: number): FiberDetail | undefined
  /** Asks a fiber to stop; false if there is none with this id. */
  cancel(id: number): boolean
}
