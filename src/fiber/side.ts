import type { AsyncContext } from "../clock/index.ts"
import type { FiberCore } from "./fiber.ts"
import type { Binding } from "./local.ts"
import type { Mask } from "./mask.ts"
import type { Observer } from "./observer.ts"
import { FULFILL, type Mode } from "./state.ts"

/**
 * What few fibers have, in an object of its own that is made when first needed: most fibers run, sleep and end with none.
 * It is also the loop's one optional field: whatever must reach the loop later (locals, a monitor, trace sites) goes here.
 */
export class Side {
  id = 0
  name: string | undefined
  /** The async context in which the fiber was started; restored for each slice. */
  context: AsyncContext | undefined
  /** The values of locals, innermost first. */
  locals: Binding | undefined
  /** The innermost `uncancelable` around what runs now. */
  mask: Mask | undefined
  /** Why it is being cancelled. */
  reason: unknown
  /** The first failure of a child, boxed since anything may be thrown. */
  childFailure: { reason: unknown } | undefined
  /** How the body ended, while children are awaited. */
  ended: Mode = FULFILL
  children: FiberCore | undefined
  firstObserver: Observer | undefined
  lastObserver: Observer | undefined
  /** Since when it waits, by the clock, where somebody watches. */
  declare since: number | undefined
  /** Takes the listener off the AbortSignal that the fiber was started with. */
  unlisten: (() => void) | undefined = undefined
}
