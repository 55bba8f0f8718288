/**
 * Permits, and a line of those who wait for some: what semaphores, locks and pools are made of. First in, first out,
 * whatever the weights: who wants many is not overtaken by those who want few, so nobody starves. A permit goes from who
 * releases it to who is first in the line; who comes meanwhile stands behind.
 *
 * Free permits cost no allocation at a run: `using` is made once, with the frame that releases. `npm run bench -- semaphore`
 * measures that and the handing over.
 */
import { LinkedList } from "../data/index.ts"
import { type FiberCore, handOver, held, type Owner, perform, wait, Waiter } from "../fiber/index.ts"
import { Task } from "../task/index.ts"
import { Permit } from "./permit.ts"

type AnyTask = Task<unknown, unknown>

/** Asked in the step that takes a permit or a place in the line: what somebody who is not let in goes on as. */
export type Refusal = (fiber: FiberCore) => AnyTask | undefined

/** Who asks for permits, and who may refuse. */
interface Want {
  readonly line: PermitLine
  readonly permits: number
  readonly refusal: Refusal | undefined
}

/** A task that runs with permits and releases them. */
interface Use extends Want {
  readonly releasing: AnyTask
}

export class PermitLine implements Owner {
  readonly what: string
  readonly waiters = new LinkedList<Waiter>()
  free: number
  /** Of a line with one permit: whose task holds it, for those who ask twice. Nobody, while it is held by hand. */
  holder: FiberCore | undefined
  readonly knowsHolder: boolean
  /** Those who wait, or hold all permits, to put an end to what the line is for. */
  #closers = 0
  readonly #giveOne = (): void => this.give(1)

  constructor(permits: number, what: string, knowsHolder = false) {
    this.free = permits
    this.what = what
    this.holder = undefined
    this.knowsHolder = knowsHolder
  }

  /** Waits for permits, runs the task, releases them. */
  using<A, E>(permits: number, task: Task<A, E>, refusal?: Refusal): Task<A, E> {
    const releasing = held(task, permits === 1 ? this.#giveOne : () => this.give(permits))
    return perform(enter, { line: this, permits, refusal, releasing }) as Task<A, E>
  }

  /** The same for who puts an end to it: it stands in the line, but is none of those who wait. */
  closing<A, E>(permits: number, task: Task<A, E>): Task<A, E> {
    return perform(() => {
      let counted = false
      const using = this.using(permits, task, () => {
        counted = true
        this.#closers++
        return undefined
      })
      return held(using, () => {
        if (counted) this.#closers--
      })
    }, undefined)
  }

  /** How many wait in line. */
  get waiting(): number {
    return Math.max(this.waiters.size - this.#closers, 0)
  }

  /** Waits for permits and hands them over. */
  acquire(permits: number, refusal?: Refusal): Task<Permit> {
    return perform(acquire, { line: this, permits, refusal }) as Task<Permit>
  }

  tryAcquire(permits: number): Permit | undefined {
    return this.take(permits) ? this.permit(permits) : undefined
  }

  /** Takes free permits, unless somebody waits for some. */
  take(permits: number): boolean {
    if (this.waiters.first !== undefined || permits > this.free) return false
    this.free -= permits
    return true
  }

  give(permits: number): void {
    this.free += permits
    this.holder = undefined
    this.#serve()
  }

  /** All who wait go on as this, without a permit. */
  refuse(then: AnyTask): void {
    for (let one = this.waiters.shift(); one !== undefined; one = this.waiters.shift()) one.dismiss(then)
  }

  permit(permits: number): Permit {
    return new Permit(permits, this)
  }

  /** Stands in the line: what the fiber continues as. */
  join(fiber: FiberCore, permits: number, then: AnyTask): AnyTask {
    const waiter = new Waiter(fiber, this, permits, then)
    this.waiters.push(waiter)
    return wait(waiter)
  }

  left(waiter: Waiter, served: boolean): void {
    if (served) return this.give(waiter.load as number)
    this.waiters.remove(waiter)
    // Who was behind somebody who wanted many may be able to go now.
    this.#serve()
  }

  #serve(): void {
    for (;;) {
      const { first } = this.waiters
      if (first === undefined || (first.load as number) > this.free) return
      this.waiters.remove(first)
      this.free -= first.load as number
      first.succeed()
    }
  }
}

function enter(fiber: FiberCore, use: Use): AnyTask {
  const { line, permits, refusal, releasing } = use
  const refused = refusal?.(fiber)
  if (refused !== undefined) return refused
  if (!line.take(permits)) return line.join(fiber, permits, line.knowsHolder ? perform(claim, use) : releasing)
  line.holder = fiber
  return releasing
}

function claim(fiber: FiberCore, { line, releasing }: Use): AnyTask {
  line.holder = fiber
  return releasing
}

function acquire(fiber: FiberCore, { line, permits, refusal }: Want): AnyTask {
  const refused = refusal?.(fiber)
  if (refused !== undefined) return refused
  const permit = line.permit(permits)
  return line.take(permits) ? handOver(fiber, permit) : line.join(fiber, permits, Task.pure(permit))
}
