import { createContext, Script } from "node:vm"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import edge, { type Env } from "../../examples/edge.ts"
import { isNode } from "../node/folder.ts"

const product = "https://edge.example/products/7"

/** A host: what it is told to wait for, and a catalog that answers as it is told. */
function host(catalog: (url: string, signal: AbortSignal) => Promise<Response> | Response) {
  const [waiting, kept]: [Promise<unknown>[], string[]] = [[], []]
  const asked: string[] = []
  const env: Env = {
    CATALOG: {
      fetch: async (url, { signal }) => {
        asked.push(new URL(url).pathname)
        return catalog(url, signal)
      },
    },
    VISITS: { put: async (_key, value) => void kept.push(value) },
  }
  return { env, ctx: { waitUntil: (promise: Promise<unknown>) => void waiting.push(promise) }, waiting, kept, asked }
}

const hangs = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))

describe("the example edge", () => {
  it("asks for both at once, answers, and records the visit after that", async () => {
    const { env, ctx, waiting, kept, asked } = host((url) => Response.json(url.endsWith("alike") ? [8, 9] : { id: 7 }))
    const response = await edge.fetch(new Request(product), env, ctx)
    expect([response.status, await response.json()]).toEqual([200, { product: { id: 7 }, alike: [8, 9] }])
    expect(asked).toEqual(["/products/7", "/products/7/alike"])
    expect(waiting).toHaveLength(1)
    await Promise.all(waiting)
    expect(kept).toEqual([`200 ${product}`])
  })

  it("tries again, and does without what is not worth a failure", async () => {
    let tries = 0
    const { env, ctx, waiting } = host((url) => {
      if (url.endsWith("alike")) return new Response("", { status: 500 })
      return ++tries === 1 ? new Response("", { status: 500 }) : Response.json({ id: 7 })
    })
    const response = await edge.fetch(new Request(product), env, ctx)
    expect(await response.json()).toEqual({ product: { id: 7 }, alike: [] })
    await Promise.all(waiting)
  })

  it("answers 504 for what takes too long, and aborts it", async () => {
    let aborted = 0
    const { env, ctx, waiting, kept } = host((_url, signal) => {
      signal.addEventListener("abort", () => void aborted++)
      return hangs(signal)
    })
    expect((await edge.fetch(new Request(product), env, ctx)).status).toBe(504)
    // Two questions, each asked twice.
    expect(aborted).toBe(4)
    await Promise.all(waiting)
    expect(kept).toEqual([`504 ${product}`])
  })

  it("answers 502 for what fails, which is logged, and 404 for what is not there", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {})
    onTestFinished(() => log.mockRestore())
    const { env, ctx, waiting } = host(() => new Response("", { status: 500 }))
    expect((await edge.fetch(new Request(product), env, ctx)).status).toBe(502)
    expect(log.mock.calls.join()).toContain("the catalog failed")
    expect((await edge.fetch(new Request("https://edge.example/"), env, ctx)).status).toBe(404)
    await Promise.all(waiting)
  })

  it("stops asking when the client leaves, and records nothing", async () => {
    const signals: AbortSignal[] = []
    const { env, ctx, waiting, kept } = host((_url, signal) => {
      signals.push(signal)
      return hangs(signal)
    })
    const leaving = new AbortController()
    const response = edge.fetch(new Request(product, { signal: leaving.signal }), env, ctx)
    response.catch(() => {})
    await vi.waitFor(() => expect(signals).toHaveLength(2))
    leaving.abort()
    await expect(response).rejects.toThrow(expect.objectContaining({ name: "AbortError" }))
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    await Promise.all(waiting)
    expect(kept).toEqual([])
  })

  it("tells the host of a visit that could not be recorded", async () => {
    const { env, ctx, waiting } = host(() => Response.json({}))
    const full = { ...env, VISITS: { put: () => Promise.reject(new Error("full")) } }
    expect((await edge.fetch(new Request(product), full, ctx)).status).toBe(200)
    await expect(Promise.all(waiting)).rejects.toThrow("full")
  })

  it.runIf(isNode)("runs where there is nothing of Node, and leaves no timer", async () => {
    const timers = new Set<unknown>()
    const platform = {
      AbortController,
      AbortSignal,
      Request,
      Response,
      TextEncoder,
      URL,
      crypto,
      performance,
      queueMicrotask,
      setTimeout(callback: () => void, ms: number) {
        const timer = setTimeout(() => (timers.delete(timer), callback()), ms)
        timers.add(timer)
        return timer
      },
      clearTimeout(timer: NodeJS.Timeout) {
        timers.delete(timer)
        clearTimeout(timer)
      },
    }
    const script = new Script(`${await bundled()};example.default`)
    const here = script.runInContext(createContext(platform)) as typeof edge
    const { env, ctx, waiting, kept } = host((url, signal) =>
      url.endsWith("alike") ? hangs(signal) : Response.json(7),
    )
    const requests = Array.from({ length: 10 }, () => here.fetch(new Request(product), env, ctx))
    for (const response of await Promise.all(requests)) {
      expect(await response.json()).toEqual({ product: 7, alike: [] })
    }
    await Promise.all(waiting)
    expect(kept).toHaveLength(10)
    // What marks the end of a turn is due at once. The 20 seconds of `record` are not.
    await vi.waitFor(() => expect(timers.size).toBe(0))
  })
})

/** The example with the library in it, as one script. For "neutral", an import of `node:` modules is an error. */
async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("../../examples/edge.ts", import.meta.url))],
    bundle: true,
    platform: "neutral",
    format: "iife",
    globalName: "example",
    write: false,
    logLevel: "silent",
  })
  return outputFiles[0].text
}
