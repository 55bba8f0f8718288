import { Queue } from "rapid-fiber"
import { DequeueModel } from "./dequeue-model.ts"
import { type Body, Foreseen, type ModelFiber, type ModelRuntime, takeOut, wait } from "./reference.ts"

export type Kind = "bounded" | "unbounded" | "sliding" | "dropping" | "priority" | "bounded priority"
export const KINDS: readonly Kind[] = ["bounded", "unbounded", "sliding", "dropping", "priority", "bounded priority"]

/** The last digit says who leaves first. */
const compare = (a: number, b: number) => (a % 10) - (b % 10)

export function makeQueue(kind: Kind, capacity: number): Queue<number, string> {
  switch (kind) {
    case "bounded":
      return Queue.bounded(capacity)
    case "unbounded":
      return Queue.unbounded()
    case "sliding":
      return Queue.sliding(capacity)
    case "dropping":
      return Queue.dropping(capacity)
    case "priority":
      return Queue.priority({ compare })
    case "bounded priority":
      return Queue.priority({ compare, capacity })
  }
}

interface Producer {
  readonly fiber: ModelFiber
  readonly item: number
  added: boolean | undefined
}

export class QueueModel extends DequeueModel {
  readonly producers: Producer[] = []
  readonly #kind: Kind

  constructor(runtime: ModelRuntime, kind: Kind, capacity: number) {
    super(runtime, kind === "unbounded" || kind === "priority" ? Infinity : capacity)
    this.#kind = kind
  }

  tryOffer(item: number): boolean {
    return this.ended === undefined && (this.#offerNow(item) ?? false)
  }

  *offer(fiber: ModelFiber, item: number): Body<boolean> {
    if (this.ended !== undefined) throw new Foreseen("closed queue")
    const added = this.#offerNow(item)
    if (added !== undefined) return added
    const producer: Producer = { fiber, item, added: undefined }
    this.producers.push(producer)
    yield* wait(fiber, () => {
      if (producer.added === undefined) takeOut(this.producers, producer)
    })
    if (producer.added !== true) throw new Foreseen("closed queue")
    return true
  }

  override end(reason: string): boolean {
    if (this.ended !== undefined) return false
    for (const producer of this.producers.splice(0)) {
      producer.added = false
      this.runtime.wake(producer.fiber)
    }
    return super.end(reason)
  }

  protected override roomMade(): void {
    while (!this.full && this.producers.length > 0) {
      const [producer] = this.producers.splice(0, 1)
      this.#add(producer.item)
      producer.added = true
      this.runtime.wake(producer.fiber)
    }
  }

  /** Undefined where it would have to wait. */
  #offerNow(item: number): boolean | undefined {
    if (this.full) {
      if (this.#kind === "dropping") return false
      if (this.#kind !== "sliding") return undefined
      this.items.shift()
    }
    this.#add(item)
    return true
  }

  #add(item: number): void {
    const after = this.#kind.endsWith("priority") ? this.items.findIndex((other) => compare(item, other) < 0) : -1
    this.items.splice(after === -1 ? this.items.length : after, 0, item)
    this.serveTakers()
  }
}
