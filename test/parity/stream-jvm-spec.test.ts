import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import { Stream, Task } from "rapid-fiber"
import { writeFile } from "rapid-fiber/node"
import { taskTest } from "rapid-fiber/testing"

/** StreamJvmSpec.scala, on virtual time. */

it(
  "Stream (JVM-only) should do something every N millis",
  taskTest(() => {
    const checks: number[] = []
    return (
      Stream.range(1, 101)
        .mapTask((n) => Task.sleep(10).as(n))
        // One more than 100, so that no tick meets an element.
        .sample(101)
        .tap((n) => void checks.push(n))
        .drain()
        .map(() => expect(checks).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]))
    )
  }),
)

it("Stream (JVM-only) should close underlying InputStream in fromInputStream", async () => {
  const bytes = new TextEncoder().encode("abc")
  let cancelled = 0
  const body = (): ReadableStream<Uint8Array<ArrayBuffer>> => {
    let at = 0
    return new ReadableStream({
      pull: (controller) => {
        if (at < bytes.length) controller.enqueue(Uint8Array.of(bytes[at++]))
        else controller.close()
      },
      cancel: () => void cancelled++,
    })
  }
  const whole = body()
  expect(await Stream.from(whole).decode().text()).toBe("abc")
  expect(whole.locked).toBe(false)
  expect(cancelled).toBe(0)
  const begun = body()
  expect(await Stream.from(begun).first()).toEqual(Uint8Array.of(97))
  expect(begun.locked).toBe(false)
  expect(cancelled).toBe(1)

  let closed = 0
  // What can be read again is asked for a reader at each run.
  const file = {
    async *[Symbol.asyncIterator]() {
      try {
        for (const byte of bytes) yield Uint8Array.of(byte)
      } finally {
        closed++
      }
    },
  }
  const stream = Stream.from(file)
  expect(await stream.decode().text()).toBe("abc")
  expect(closed).toBe(1)
  expect(await stream.take(2).count()).toBe(2)
  expect(closed).toBe(2)
})

it("Stream (JVM-only) should write a String to a File via byte stream", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stream-jvm-spec-"))
  const path = join(folder, "test.txt")
  expect(await writeFile(Stream.of("Hello, ", "World!").encode(), path)).toBe(13)
  expect(readFileSync(path, "utf8")).toBe("Hello, World!")
  rmSync(folder, { recursive: true })
})
