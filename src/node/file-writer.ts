import type { FileHandle } from "node:fs/promises"
import { describe } from "../data/index.ts"
import { Task } from "../task/index.ts"
import { toItsEnd } from "./to-its-end.ts"

/** What is written to a file: bytes, and text in UTF-8. */
export type FileContent = string | Uint8Array

/**
 * Writes elements to an open file, one after the other, those that are small together: a call of the system for each line of
 * text would cost more than the line.
 */
export class FileWriter {
  /** How many bytes have been written. */
  bytes = 0
  readonly #file: FileHandle
  readonly #batchSize: number
  #batch: FileContent[] = []
  #size = 0

  constructor(file: FileHandle, batchSize: number) {
    this.#file = file
    this.#batchSize = batchSize
  }

  readonly write = (element: FileContent): Task<void> | void => {
    mustBeContent(element)
    if (element.length === 0) return undefined
    this.#size += element.length
    const full = this.#size >= this.#batchSize
    // What is held is a copy: the bytes are their maker's again when the next element is asked for.
    this.#batch.push(full || typeof element === "string" ? element : new Uint8Array(element))
    return full ? this.rest : undefined
  }

  /** Writes what is still held. */
  readonly rest: Task<void> = Task.defer(() => {
    const batch = this.#batch
    if (batch.length === 0) return Task.unit
    this.#batch = []
    this.#size = 0
    return this.#put(bytesOf(batch))
  })

  /** The system may take fewer than it is given. */
  #put(bytes: Uint8Array): Task<void> {
    return toItsEnd(() => this.#file.write(bytes)).flatMap(({ bytesWritten }) => {
      this.bytes += bytesWritten
      return bytesWritten < bytes.length ? this.#put(bytes.subarray(bytesWritten)) : Task.unit
    })
  }
}

function bytesOf(batch: readonly FileContent[]): Uint8Array {
  if (batch.every((one) => typeof one === "string")) return Buffer.from(batch.join(""))
  const [first] = batch
  if (batch.length === 1 && typeof first === "object") return first
  return Buffer.concat(batch.map((one) => (typeof one === "string" ? Buffer.from(one) : one)))
}

function mustBeContent(element: unknown): void {
  if (typeof element === "string" || element instanceof Uint8Array) return
  throw new TypeError(
    `Expected the elements of writeFile to be strings or bytes, got ${describe(element)}. ` +
      "Make text of them first: stream.map((element) => `${JSON.stringify(element)}\\n`).",
  )
}
