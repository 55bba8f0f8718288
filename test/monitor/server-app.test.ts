import { describe, expect, it } from "vitest"
import { makeApp } from "../../src/monitor/server/app.ts"
import { equalDigests, sha256 } from "../../src/monitor/server/digest.ts"
import { listenOf, type ListenOptions } from "../../src/monitor/server/options.ts"
import { FakeProbe } from "./fake-probe.ts"

/** The application without a server: a request in, a response out. */
function visiting(options: ListenOptions = {}, probe = new FakeProbe()) {
  const app = makeApp(probe, listenOf(options, "test"))
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> =>
    app.fetch(new Request(`http://localhost:4000${path}`, { redirect: "manual", ...init }))
  const text = async (path: string, init?: RequestInit): Promise<string> => {
    const response = await ask(path, init)
    return `${response.status} ${await response.text()}`
  }
  return { ask, text, probe, app }
}

const header = { "x-rapid-fiber": "1" }

describe("the page", () => {
  it("comes with its script and its style, and with nothing of other origins or inline", async () => {
    const { ask } = visiting()
    const page = await ask("/")
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8")
    const html = await page.text()
    expect(html).toContain('<script type="module" src="page.js"></script>')
    expect(html).not.toMatch(/<script>|<style|\sstyle=|\son\w+=|https?:\/\/(?!www\.w3\.org)/)
    expect((await ask("/page.js")).headers.get("content-type")).toMatch(/^text\/javascript/)
    expect((await ask("/page.css")).headers.get("content-type")).toMatch(/^text\/css/)
  })

  it.each(["/", "/page.js", "/api/overview", "/api/fibers?limit=x", "/nothing", "/events"])(
    "forbids browsers all that it does not need, also in the answer to %s",
    async (path) => {
      const { ask, app } = visiting()
      const { headers } = await ask(path)
      const policy = headers.get("content-security-policy") ?? ""
      expect(policy).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;/,
      )
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toContain("unsafe")
      expect(headers.get("x-content-type-options")).toBe("nosniff")
      expect(headers.get("referrer-policy")).toBe("no-referrer")
      expect(headers.get("cache-control")).toBe("no-store")
      app.close()
    },
  )
})

describe("the interface", () => {
  it("gives the overview, a page of fibers and one fiber as JSON", async () => {
    const { ask } = visiting()
    const overview = await ask("/api/overview")
    expect(overview.headers.get("content-type")).toMatch(/^application\/json/)
    expect(await overview.json()).toMatchObject({ fibers: { live: 1_000_205 }, heap: 314_572_800 })
    expect(await (await ask("/api/fibers?parent=1&sort=name&descending=true&limit=2")).json()).toMatchObject({
      matching: 3,
      rows: [{ name: "worker-3" }, { name: "worker-2" }],
    })
    expect(await (await ask("/api/fibers/100")).json()).toMatchObject({ name: "job-0", path: [{ id: 1 }, { id: 3 }] })
  })

  it("hands each part of a query on, and nothing else", async () => {
    const probe = new FakeProbe()
    const queries: unknown[] = []
    probe.fibers = (query) => {
      queries.push(query)
      return { rows: [], matching: 0, partial: false }
    }
    const { ask } = visiting({}, probe)
    await ask("/api/fibers")
    await ask("/api/fibers?parent=0&search=a%20b&state=ready&sort=since&descending=false&offset=200&limit=1000")
    expect(queries).toEqual([
      {},
      { parent: 0, search: "a b", state: "ready", sort: "since", descending: false, offset: 200, limit: 1000 },
    ])
  })

  it.each([
    ["limit=0", 'Expected `limit` to be an integer from 1 to 1000, got "0".'],
    ["limit=1001", 'got "1001"'],
    ["limit=1e3", 'got "1e3"'],
    ["limit=", 'got ""'],
    ["offset=-1", "Expected `offset` to be an integer from 0"],
    ["offset=99999999999999999", "`offset`"],
    ["parent=x", "Expected `parent`"],
    ["state=asleep", 'Expected `state` to be one of running, ready, sleeping, waiting, ending, got "asleep".'],
    ["sort=__proto__", "Expected `sort` to be one of id, name, state, since, children"],
    ["descending=1", "Expected `descending` to be one of true, false"],
    [`search=${"a".repeat(201)}`, "Expected `search` to be at most 200 characters, got 201."],
    ["limit=1&limit=2", "Expected `limit` to be given once, got it more often."],
    [
      "find=x",
      "Expected the parameters to be among parent, search, state, name, waitsFor, sort, descending, offset, limit, got `find`.",
    ],
  ])("answers %s with 400, and what was expected", async (query, message) => {
    const response = await visiting().ask(`/api/fibers?${query}`)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(message)
  })

  it.each(["0", "-1", "x", "1.5", "9".repeat(20), "__proto__", "%00", "1%2F2"])("refuses the id %s", async (id) => {
    expect((await visiting().ask(`/api/fibers/${id}`)).status).toBe(400)
  })

  it("answers 404 for a fiber that is gone, and for paths that are none", async () => {
    const { text } = visiting()
    expect(await text("/api/fibers/77")).toMatch(/^404 There is no such fiber/)
    for (const path of ["/nothing", "/api", "/api/", "/page.js.map", "/api/fibers/1/2", "/__proto__", "/constructor"]) {
      expect(await text(path)).toBe("404 There is nothing here.")
    }
  })

  it.each([
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc/passwd",
    "/page.js/../../package.json",
    "//etc/passwd",
  ])("reaches no file by %s", async (path) => expect((await visiting().ask(path)).status).toBe(404))

  it("answers a HEAD like a GET without a body, and opens no stream for it", async () => {
    const { ask, probe } = visiting()
    for (const path of ["/", "/api/overview", "/events"]) {
      const response = await ask(path, { method: "HEAD" })
      expect([response.status, await response.text()]).toEqual([200, ""])
    }
    // Once, for the overview.
    expect(probe.asked).toBe(1)
  })

  it("tells the failure of a probe with 500, and lives on", async () => {
    const probe = new FakeProbe()
    probe.overview = () => {
      throw new Error("out of order")
    }
    const { text } = visiting({}, probe)
    expect(await text("/api/overview")).toBe("500 The monitor failed: out of order")
    expect(await text("/api/fibers?limit=1")).toMatch(/^200/)
  })
})

describe("a method that is not allowed", () => {
  it.each(["PUT", "DELETE", "PATCH", "OPTIONS"])("%s is refused everywhere", async (method) => {
    const { ask } = visiting({ actions: true })
    for (const path of ["/", "/api/overview", "/api/fibers/1/cancel", "/nothing"]) {
      expect((await ask(path, { method })).status).toBe(405)
    }
  })

  it("POST changes nothing but by the one action, which a GET does not take", async () => {
    const { ask, probe } = visiting({ actions: true })
    const post = await ask("/api/overview", { method: "POST", headers: header })
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"])
    const get = await ask("/api/fibers/1/cancel", { headers: header })
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"])
    expect(probe.cancelled).toEqual([])
  })
})

describe("cancelling", () => {
  const cancel = (headers: Record<string, string>) => ({ method: "POST", headers })

  it("is refused unless actions are allowed", async () => {
    const { text, probe } = visiting()
    expect(await text("/api/fibers/1/cancel", cancel(header))).toMatch(/^403 Only looking is allowed/)
    expect(probe.cancelled).toEqual([])
  })

  it("needs what a form of another site cannot send", async () => {
    const { ask, probe } = visiting({ actions: true })
    expect((await ask("/api/fibers/1/cancel", cancel({}))).status).toBe(403)
    expect(probe.cancelled).toEqual([])
    expect((await ask("/api/fibers/1/cancel", cancel(header))).status).toBe(200)
    expect((await ask("/api/fibers/2/cancel", cancel({ origin: "http://localhost:4000" }))).status).toBe(200)
    expect(probe.cancelled).toEqual([1, 2])
  })

  it("says if there is no such fiber", async () => {
    const { ask } = visiting({ actions: true })
    expect((await ask("/api/fibers/77/cancel", cancel(header))).status).toBe(404)
    expect((await ask("/api/fibers/x/cancel", cancel(header))).status).toBe(400)
  })

  it("reads no body above a kilobyte, whether or not its length is told", async () => {
    const { ask, probe } = visiting({ actions: true })
    const send = (body: BodyInit) =>
      ask("/api/fibers/1/cancel", { method: "POST", headers: header, body, duplex: "half" } as RequestInit)
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(256)) })
    expect((await send("x".repeat(1025))).status).toBe(413)
    expect((await send(endless)).status).toBe(413)
    expect(probe.cancelled).toEqual([])
    expect((await send("x".repeat(1024))).status).toBe(200)
  })
})

describe("a request of another site", () => {
  it.each(["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "evil.example:4000"])(
    "is refused under the name %s, which may lead here",
    async (name) => {
      const { app } = visiting()
      const response = await app.fetch(new Request(`http://${name}/api/overview`))
      expect(response.status).toBe(421)
      expect(await response.text()).toContain(`Expected a host name of this server, got "${name}"`)
    },
  )

  it("may come under a name that was given", async () => {
    const { app } = visiting({ names: ["monitor.example"] })
    expect((await app.fetch(new Request("https://monitor.example/api/overview"))).status).toBe(200)
  })

  it.each(["http://evil.example", "http://localhost:3000", "http://127.0.0.1:4000", "null", "http://localhost:40000"])(
    "is refused with the origin %s",
    async (origin) => {
      const { ask, probe } = visiting({ actions: true })
      for (const path of ["/", "/api/overview", "/events"])
        expect((await ask(path, { headers: { origin } })).status).toBe(403)
      const cancel = await ask("/api/fibers/1/cancel", { method: "POST", headers: { origin, ...header } })
      expect([cancel.status, probe.cancelled]).toEqual([403, []])
    },
  )

  it.each(["cross-site", "same-site"])(
    "that the browser calls %s may lead to the page, and have nothing else",
    async (site) => {
      const { ask } = visiting()
      const headers = { "sec-fetch-site": site, "sec-fetch-mode": "navigate" }
      expect((await ask("/", { headers })).status).toBe(200)
      expect((await ask("/events", { headers })).status).toBe(403)
      expect((await ask("/api/overview", { headers })).status).toBe(403)
      expect((await ask("/", { headers: { ...headers, "sec-fetch-mode": "no-cors" } })).status).toBe(403)
    },
  )
})

describe("a token", () => {
  const token = "correct-horse-battery"
  const paths = ["/", "/page.js", "/api/overview", "/api/fibers/1", "/events", "/nothing"]

  it("is asked for at every path", async () => {
    const { ask, app, probe } = visiting({ token, actions: true })
    for (const path of paths) {
      const response = await ask(path)
      expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, "Bearer"])
    }
    const cancel = await ask("/api/fibers/1/cancel", { method: "POST", headers: header })
    expect([cancel.status, probe.cancelled, probe.asked]).toEqual([401, [], 0])
    app.close()
  })

  it.each(["correct-horse-batter", "correct-horse-battery2", "Correct-horse-battery", "x", token.repeat(2)])(
    "that is wrong, %s, is refused wherever it is given",
    async (wrong) => {
      const { ask } = visiting({ token })
      expect((await ask("/api/overview", { headers: { authorization: `Bearer ${wrong}` } })).status).toBe(401)
      const asked = await ask(`/?token=${wrong}`)
      expect([asked.status, asked.headers.get("set-cookie")]).toEqual([401, null])
      expect((await ask("/", { headers: { cookie: `rapid-fiber-monitor-4000=${wrong}` } })).status).toBe(401)
    },
  )

  it("lets in as a bearer", async () => {
    const { ask } = visiting({ token })
    expect((await ask("/api/overview", { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
    expect((await ask("/api/overview", { headers: { authorization: `Basic ${token}` } })).status).toBe(401)
  })

  it("in the address is exchanged for a cookie and does not stay there", async () => {
    const { ask } = visiting({ token })
    const first = await ask(`/?token=${token}`)
    expect([first.status, first.headers.get("location")]).toEqual([303, "/"])
    const cookie = first.headers.get("set-cookie") ?? ""
    expect(cookie).toMatch(/^rapid-fiber-monitor-4000=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(cookie).not.toContain(token)
    const headers = { cookie: `other=1; ${cookie.split(";")[0]}` }
    expect((await ask("/", { headers })).status).toBe(200)
    expect((await ask("/api/overview", { headers })).status).toBe(200)
  })

  it("that is wrong is refused in the address also where the cookie is right", async () => {
    const { ask } = visiting({ token })
    const cookie = (await ask(`/?token=${token}`)).headers.get("set-cookie")?.split(";")[0] ?? ""
    expect((await ask("/", { headers: { cookie } })).status).toBe(200)
    expect((await ask("/?token=another-token-of-16", { headers: { cookie } })).status).toBe(401)
  })

  it("is compared by all bytes of its digest", async () => {
    const digest = await sha256(token)
    const other = (index: number) => digest.map((byte, at) => (at === index ? byte ^ 1 : byte))
    expect(equalDigests(digest, await sha256(token))).toBe(true)
    for (let index = 0; index < digest.length; index++) expect(equalDigests(digest, other(index))).toBe(false)
    expect(equalDigests(digest, digest.slice(1))).toBe(false)
    expect(equalDigests(digest.slice(1), digest)).toBe(false)
    expect(equalDigests(digest, new Uint8Array())).toBe(false)
  })

  it("in the address opens nothing but the page", async () => {
    const { ask } = visiting({ token })
    expect((await ask(`/api/overview?token=${token}`)).status).toBe(401)
  })

  it("does not make another origin welcome", async () => {
    const { ask } = visiting({ token })
    const headers = { authorization: `Bearer ${token}`, origin: "http://evil.example" }
    expect((await ask("/api/overview", { headers })).status).toBe(403)
  })

  it("of another run of the program does not open this one", async () => {
    const { ask } = visiting({ token })
    const other = await visiting({ token: "another-token-of-16" }).ask("/?token=another-token-of-16")
    const cookie = other.headers.get("set-cookie")?.split(";")[0] ?? ""
    expect((await ask("/", { headers: { cookie } })).status).toBe(401)
  })
})

describe("HTML in the name of a fiber", () => {
  it("is data in JSON, which no browser takes for a page", async () => {
    const name = "</script><img src=x onerror=alert(1)>"
    const probe = new FakeProbe([{ id: 1, name, state: "ready", children: 0, cancelling: false }])
    const response = await visiting({}, probe).ask("/api/fibers/1")
    expect(response.headers.get("content-type")).toMatch(/^application\/json/)
    expect(response.headers.get("x-content-type-options")).toBe("nosniff")
    expect(await response.json()).toMatchObject({ name })
  })

  it("in a request comes back as plain text", async () => {
    const response = await visiting().ask("/api/fibers?state=<script>alert(1)</script>")
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/)
  })
})
