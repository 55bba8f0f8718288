import { outsideContext } from "./async-context.ts"

/** The longest delay that hosts keep; they fire a longer one at once. */
const LONGEST = 2_147_483_647

/**
 * One host timer for a delay of any length, that can be set, set again and stopped. It looks the host's functions up at
 * each use, so a test that replaces them is followed, and arms outside any async context.
 */
export class HostTimer {
  #handle: unknown
  #clear: ((handle: never) => void) | undefined = undefined
  /** Milliseconds that remain after the host timer that is set, where the delay was too long for one. */
  #rest = 0
  #ref = true
  readonly #onFire: () => void
  readonly #fire = () => {
    this.#handle = undefined
    if (this.#rest > 0) this.set(this.#rest, this.#ref)
    else this.#onFire()
  }

  constructor(onFire: () => void) {
    this.#onFire = onFire
  }

  /** Fires once, after at least `delay` milliseconds as the host counts them; keeps the process alive if `ref`. */
  set(delay: number, ref: boolean): void {
    this.stop()
    const wait = Math.max(Math.ceil(delay), 1)
    this.#rest = Math.max(wait - LONGEST, 0)
    this.#ref = ref
    this.#clear = globalThis.clearTimeout
    this.#handle = outsideContext(() => globalThis.setTimeout(this.#fire, wait - this.#rest))
    if (!ref) (this.#handle as { unref?(): unknown }).unref?.()
  }

  /** Whether the timer that is set keeps the process alive from now on. */
  ref(keepAlive: boolean): void {
    this.#ref = keepAlive
    const handle = this.#handle as { ref?(): unknown; unref?(): unknown } | undefined
    if (keepAlive) handle?.ref?.()
    else handle?.unref?.()
  }

  stop(): void {
    if (this.#handle === undefined) return
    // Browsers refuse to have it called as a method of anything else.
    const clear = this.#clear
    clear?.(this.#handle as never)
    this.#handle = undefined
  }
}
