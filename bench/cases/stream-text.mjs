// @ts-check
import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import { ReadableStream, TextDecoderStream } from "node:stream/web"
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
import { random } from "../harness/random.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const CHUNKS = 1024
const CHUNK = 64 * 1024

/** @type {About} */
export const about = {
  title:
    "64 MiB of NDJSON in chunks of 64 KiB, in memory, decoded and split into lines, which are counted; characters and " +
    "lines lie across chunks; the floor is a TextDecoderStream and indexOf",
  variants: ["native", "rapid", "effect", "readline"],
  floor: "native",
  rivals: ["readline"],
  budgets: [fasterThan("effect", "readline")],
}

/** @type {Variant} */
export async function native() {
  const { chunks, expected } = generate()
  return async () => {
    const lines = new Lines()
    let text = ""
    for await (const piece of ReadableStream.from(chunks).pipeThrough(new TextDecoderStream())) {
      text += piece
      let at = 0
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", at)) {
        lines.add(text.slice(at, end))
        at = end + 1
      }
      text = text.slice(at)
    }
    if (text !== "") lines.add(text)
    lines.verify(expected)
  }
}

/** @type {Variant} */
export async function rapid() {
  const { Stream } = await loadRapid()
  const { chunks, expected } = generate()
  const stream = Stream.from(chunks).decode().lines()
  return async () => {
    const lines = await stream.reduce((of, line) => of.add(line), new Lines())
    lines.verify(expected)
  }
}

/** An array would be one chunk of chunks to it, and all its lines together the next. @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  const Stream = await import("effect/Stream")
  const { chunks, expected } = generate()
  const stream = Stream.fromIterable(chunks, { chunkSize: 1 }).pipe(Stream.decodeText(), Stream.splitLines)
  const program = Stream.runFold(
    stream,
    () => new Lines(),
    (of, line) => of.add(line),
  )
  return async () => {
    const lines = await Effect.runPromise(program)
    lines.verify(expected)
  }
}

/** @type {Variant} */
export async function readline() {
  const { chunks, expected } = generate()
  return async () => {
    const lines = new Lines()
    for await (const line of createInterface({ input: Readable.from(chunks), crlfDelay: Infinity })) lines.add(line)
    lines.verify(expected)
  }
}

/** The lines that came: how many, and how long they are together. */
class Lines {
  count = 0
  characters = 0

  /** @param {string} line */
  add(line) {
    this.count++
    this.characters += line.length
    return this
  }

  /** @param {Lines} expected */
  verify(expected) {
    expectEqual(this.count, expected.count, "the number of lines")
    expectEqual(this.characters, expected.characters, "the number of characters")
  }
}

/** The same records for every variant, from a seed: most of them ASCII, some not. */
function generate() {
  const next = random(1)
  const names = ["Ann", "Bob", "Zoë", "Дмитрий", "美咲"]
  const records = Array.from({ length: 1000 }, (_, id) =>
    JSON.stringify({
      id,
      name: names[Math.floor(next() * names.length)],
      amount: Math.floor(next() * 1e6),
      note: "x".repeat(Math.floor(next() * 100)),
    }),
  )
  const bytes = new Uint8Array(CHUNKS * CHUNK)
  const encoder = new TextEncoder()
  const encoded = records.map((record) => encoder.encode(`${record}\n`))
  const expected = new Lines()
  let at = 0
  for (let i = 0; at + encoded[i].length <= bytes.length; i = (i + 1) % records.length) {
    bytes.set(encoded[i], at)
    at += encoded[i].length
    expected.add(records[i])
  }
  // What is left is one line more, which ends without \n.
  bytes.fill(46, at)
  if (at < bytes.length) expected.add(".".repeat(bytes.length - at))
  return { chunks: Array.from({ length: CHUNKS }, (_, i) => bytes.subarray(i * CHUNK, (i + 1) * CHUNK)), expected }
}
