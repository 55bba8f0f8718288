/**
 * A fiber's state: flags in one small integer.
 *
 *     queued ──▶ running ──▶ suspended ──▶ queued …      each arrow is taken by one party only, see scheduler.ts
 *                   │
 *                   ├──▶ closing   the body has ended, children are being awaited
 *                   └──▶ done      fulfilled unless REJECTED or CANCELLED is set
 */
export const DONE = 1
export const SUSPENDED = 2
export const QUEUED = 4
export const CLOSING = 8
export const REJECTED = 16
export const CANCELLED = 32
/** Cancellation has been requested; it is delivered at the next operation while no mask is up. */
export const CANCELLING = 64
/** Somebody has its handle: the object may not be used again for another fiber. */
export const HELD = 128
/** Somebody asked for its outcome: its failure is not unhandled. */
export const OBSERVED = 256
/** It is in its scheduler's list of roots. */
export const LISTED = 512
/** A mask is up: cancellation waits. Who puts it up remembers whether it was up before. */
export const MASKED = 1024
/** The cancellation has been delivered: outside its cleanups no handler is called any more. */
export const STOPPED = 2048
/** A cleanup runs. It is masked, and no `restore` takes that mask down. */
export const CLEANING = 4096
/** The failure on its way is, at least in part, that of a cleanup: no cancellation may hide it. */
export const UNCLEAN = 8192

/** How a computation goes on, or ended: with a value, a failure, a cancellation. */
export const FULFILL = 0
export const REJECT = 1
export const CANCEL = 2
export type Mode = typeof FULFILL | typeof REJECT | typeof CANCEL
