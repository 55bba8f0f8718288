import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Stream, Task } from "rapid-fiber"
import { pieces, readableOf } from "./arbitraries.ts"

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

/** The bytes in pieces; there may be empty ones. */
const cut = (bytes: Uint8Array<ArrayBuffer>, cuts: number): Uint8Array<ArrayBuffer>[] =>
  pieces([...bytes], cuts).map((part) => Uint8Array.from(part))

/** Lines as the docs have them. */
function linesOf(text: string): string[] {
  const parts = text.split("\n")
  const rest = parts.pop() ?? ""
  const lines = parts.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line))
  return rest === "" ? lines : [...lines, rest]
}

const texts = [
  "",
  "\n",
  "\r\n",
  "\r",
  "a",
  "a\n",
  "a\r\n",
  "a\r",
  "\n\n",
  "\r\n\r\n",
  "\n\r\n\n",
  "\r\r\n",
  "\r\n\r",
  "a\rb\r\nc",
  "a\n\nb",
  " é\r\n  ü \n",
  "€\n€€",
  "😀\r\n😀",
  "\u2028\n\u0085\n\v\f\n",
  "\0\n\0",
]

describe("lines", () => {
  it.each(texts)("of %j: the same however it is cut in two or three", async (text) => {
    const wanted = linesOf(text)
    for (let i = 0; i <= text.length; i++) {
      for (let j = i; j <= text.length; j++) {
        const parts = [text.slice(0, i), text.slice(i, j), "", text.slice(j)]
        expect(await Stream.from(parts).lines().toArray(), `${i} ${j}`).toEqual(wanted)
      }
    }
  })

  it("of any text, however it is cut", async () => {
    const text = fc.string({ unit: fc.constantFrom("\n", "\r", "a", "b", " ", "é", "😀"), maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(text, fc.nat({ max: 2 ** 30 - 1 }), async (text, cuts) => {
        // By code units: a pair may be cut.
        const parts = pieces(text.split(""), cuts).map((part) => part.join(""))
        expect(await Stream.from(parts).lines().toArray()).toEqual(linesOf(text))
        const slow = Stream.from(parts).mapTask((part) => Task.yield().as(part))
        expect(await slow.lines().toArray()).toEqual(linesOf(text))
      }),
      { numRuns: 1000 },
    )
  })

  it("come as soon as they are there: a \\n ends a line, no more text does", async () => {
    const log: string[] = []
    await Stream.of("a\nb", "\n", "c\r", "\nd\ne", "")
      .tap((text) => void log.push(`in ${text}`))
      .lines()
      .forEach((line) => void log.push(`out ${line}`))
    expect(log.join("|")).toBe("in a\nb|out a|in \n|out b|in c\r|in \nd\ne|out c|out d|in |out e")
  })

  it("that are there before a failure are kept; what is left is none", async () => {
    const got: string[] = []
    const failing = Stream.of("a\nb\nc").concat(Stream.fail("no"))
    const exit = await failing
      .lines()
      .forEach((line) => void got.push(line))
      .attempt()
    expect(exit).toEqual({ status: "rejected", reason: "no" })
    expect(got).toEqual(["a", "b"])
  })

  it("no more text is asked for than the lines that are taken need", async () => {
    let made = 0
    const source = Stream.of("a\nb\n", "c\n", "d\n").tap(() => void made++)
    expect(await source.lines().take(2).toArray()).toEqual(["a", "b"])
    expect(made).toBe(1)
  })

  it("a line in 100 000 pieces, and lines of one character in one piece", async () => {
    const parts = Array.from({ length: 100_000 }, (_, i) => `${i % 10}`.repeat(10))
    const long = await Stream.from(parts).lines().toArray()
    expect(long.length).toBe(1)
    expect(long[0] === parts.join("")).toBe(true)
    const returns = await Stream.from(Array.from({ length: 100_000 }, () => "\r"))
      .concat(["\n"])
      .lines()
      .toArray()
    expect(returns.map((line) => line.length)).toEqual([99_999])
    expect(await Stream.of("x\n".repeat(200_000)).lines().count()).toBe(200_000)
    expect(await Stream.of("\n".repeat(200_000)).lines().count()).toBe(200_000)
    expect(
      await Stream.from(Array.from({ length: 100_000 }, () => ""))
        .lines()
        .count(),
    ).toBe(0)
  })
})

describe("decode", () => {
  it.each(texts)("of the bytes of %j: the same however they are cut", async (text) => {
    const bytes = bytesOf(text)
    for (let cuts = 0; cuts < 1 << Math.min(bytes.length, 9); cuts++) {
      expect(await Stream.from(cut(bytes, cuts)).decode().text()).toBe(text)
      expect(await Stream.from(cut(bytes, cuts)).decode("utf-8", { fatal: true }).lines().toArray()).toEqual(
        linesOf(text),
      )
    }
  })

  it("of any bytes, however they are cut, as a TextDecoder does that gets them at once", async () => {
    const byte = fc.oneof(
      fc.nat({ max: 255 }),
      fc.constantFrom(0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xc3, 0xef, 0xbb, 0xbf, 10),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(byte, { maxLength: 12 }),
        fc.nat({ max: 4095 }),
        fc.constantFrom("utf-8", "utf-16le", "utf-16be", "shift_jis"),
        async (list, cuts, encoding) => {
          const bytes = Uint8Array.from(list)
          const wanted = new TextDecoder(encoding).decode(bytes)
          expect(await Stream.from(cut(bytes, cuts)).decode(encoding).text()).toBe(wanted)
          let fatal: string | undefined
          try {
            fatal = new TextDecoder(encoding, { fatal: true }).decode(bytes)
          } catch {
            fatal = undefined
          }
          const exit = await Stream.from(cut(bytes, cuts)).decode(encoding, { fatal: true }).text().attempt()
          if (exit.status === "fulfilled") expect(exit.value).toBe(fatal)
          else {
            expect(fatal).toBeUndefined()
            expect(exit.reason).toBeInstanceOf(TypeError)
          }
        },
      ),
      { numRuns: 1500 },
    )
  })

  it("invalid bytes: U+FFFD, or a TypeError after the text that came before", async () => {
    const parts = [bytesOf("good\n"), Uint8Array.of(0xc3), Uint8Array.of(0x28), bytesOf("more")]
    expect(await Stream.from(parts).decode().text()).toBe("good\n\uFFFD(more")
    const got: string[] = []
    const exit = await Stream.from(parts)
      .decode("utf-8", { fatal: true })
      .lines()
      .forEach((line) => void got.push(line))
      .attempt()
    expect(exit.status === "rejected" && exit.reason).toBeInstanceOf(TypeError)
    expect(got).toEqual(["good"])
  })

  it("a character that is cut off by the end: U+FFFD, or a TypeError", async () => {
    const parts = cut(bytesOf("a€").slice(0, 3), 0b100)
    expect(await Stream.from(parts).decode().text()).toBe("a\uFFFD")
    const exit = await Stream.from(parts).decode("utf-8", { fatal: true }).text().attempt()
    expect(exit.status === "rejected" && exit.reason).toBeInstanceOf(TypeError)
  })

  it("a mark of byte order at the beginning is none of the text, however it is cut", async () => {
    const bytes = bytesOf("\uFEFFa\uFEFF")
    for (let cuts = 0; cuts < 1 << bytes.length; cuts++) {
      expect(await Stream.from(cut(bytes, cuts)).decode().text()).toBe("a\uFEFF")
    }
  })

  it("each run has a decoder of its own, also after one that ended within a character", async () => {
    const stream = Stream.from(cut(bytesOf("€€"), 0b11111)).decode()
    expect(await stream.first()).toBeDefined()
    await stream.take(1).drain()
    const exit = await stream.concat(Stream.fail("no")).drain().attempt()
    expect(exit.status).toBe("rejected")
    expect(await stream.text()).toBe("€€")
    expect(await Task.all([stream.text(), stream.text()])).toEqual(["€€", "€€"])
  })

  it("of ArrayBuffers, views, and a body", async () => {
    const bytes = bytesOf("x€y")
    const whole = new Uint8Array([0, ...bytes, 0])
    const view = whole.subarray(1, whole.length - 1)
    expect(await Stream.of(bytes.buffer).decode().text()).toBe("x€y")
    expect(await Stream.of(view).decode().text()).toBe("x€y")
    expect(
      await Stream.of(new DataView(whole.buffer, 1, bytes.length))
        .decode()
        .text(),
    ).toBe("x€y")
    expect(
      await Stream.from(readableOf(cut(bytes, 0b1010)))
        .decode()
        .text(),
    ).toBe("x€y")
    const { body } = new Response("a\r\n€\n")
    if (body === null) throw new Error("Expected a body.")
    expect(await Stream.from(body).decode().lines().toArray()).toEqual(["a", "€"])
  })

  it("bytes that are used again by who made them, after the next was asked for", async () => {
    // As a reader into one buffer does.
    const one = new Uint8Array(1)
    const source = Stream.from([...bytesOf("a€b\n😀")]).map((byte) => ((one[0] = byte), one))
    expect(await source.decode().text()).toBe("a€b\n😀")
  })

  it("an encoding that nobody knows is a failure of the stream, or thrown at once", async () => {
    const made = await Task.defer(() => Stream.of(bytesOf("a")).decode("no-such").text()).attempt()
    expect(made.status === "rejected" && made.reason).toBeInstanceOf(RangeError)
  })

  it("of 200 000 pieces of one byte", async () => {
    const text = "€".repeat(66_666)
    const parts = Array.from(bytesOf(text), (byte) => Uint8Array.of(byte))
    expect((await Stream.from(parts).decode().text()) === text).toBe(true)
  })
})

describe("encode", () => {
  it("and decode: the text, where no pair of surrogates is cut", async () => {
    const text = fc.string({ unit: "binary", maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(fc.array(text), async (parts) => {
        const wanted = new TextDecoder("utf-8", { ignoreBOM: false }).decode(bytesOf(parts.join("")))
        expect(await Stream.from(parts).encode().decode().text()).toBe(wanted)
      }),
    )
  })

  it("a pair of surrogates that is cut in two comes through", async () => {
    expect(await Stream.of("\uD83D", "\uDE00").encode().decode().text()).toBe("😀")
  })

  it("through a TextDecoderStream and back", async () => {
    const parts = cut(bytesOf("a€\n😀"), 0b1010101)
    const decoder = (): ReadableWritablePair<string, Uint8Array<ArrayBuffer>> => new TextDecoderStream()
    expect(await Stream.defer(() => Stream.from(parts).pipeThrough(decoder())).text()).toBe("a€\n😀")
  })
})
