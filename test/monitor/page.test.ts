import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
// Binds tasks to their runtime, as each entry of the package does.
import "rapid-fiber"
import { serve, type ListenOptions } from "../../src/monitor/server/index.ts"
import { chromiumPath } from "./chromium.ts"
import { FakeProbe, family } from "./fake-probe.ts"

/** The page as a visitor has it, in a headless Chromium. Where there is none (set CHROMIUM_PATH), nothing is tested here. */
const executablePath = chromiumPath()
let browser: Browser
const ends: (() => Promise<unknown>)[] = []
/** What browsers complain of: scripts that fail, requests that the policy forbids. */
const complaints: string[] = []

beforeAll(async () => {
  if (executablePath === undefined) return
  const { chromium } = await import("playwright-core")
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] })
})
afterAll(() => browser?.close())
afterEach(async () => {
  // Visitors leave before servers close.
  for (const end of ends.splice(0)) await end()
  expect(complaints.splice(0)).toEqual([])
})

interface Visit {
  readonly probe?: FakeProbe
  readonly listen?: ListenOptions
  readonly context?: BrowserContextOptions
  /** What follows the address. */
  readonly query?: string
  /** Failed requests are meant. */
  readonly offline?: boolean
}

async function visit({ probe = new FakeProbe(), listen = {}, context = {}, query = "", offline = false }: Visit = {}) {
  const server = await serve(probe, { interval: 100, ...listen })
  const page = await newPage(context, offline)
  ends.push(() => server[Symbol.asyncDispose]())
  await page.goto(server.url + query)
  return { page, probe, server }
}

async function newPage(options: BrowserContextOptions, offline = false): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  ends.unshift(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  page.on("pageerror", (error) => complaints.push(String(error)))
  page.on("console", (message) => {
    const text = message.text()
    if (message.type() === "error" && !(offline && text.startsWith("Failed to load resource"))) complaints.push(text)
  })
  return page
}

const figure = (page: Page, name: string) => page.locator(".figure", { has: page.getByText(name, { exact: true }) })
const status = (page: Page) => page.locator(".connection")
const list = (page: Page) => page.locator(".fibers tbody tr")
/** With narrow spaces as spaces. */
const plain = async (texts: Promise<string[]>): Promise<string[]> =>
  (await texts).map((text) => text.replaceAll("\u202F", " "))

/** Waits until it is so. Not by `waitForFunction`, which evaluates in the page, where the policy forbids it. */
async function checkUntil(page: Page, condition: string): Promise<void> {
  await expect.poll(() => page.evaluate(condition), { timeout: 10_000 }).toBe(true)
}

/** Waits until it is to be seen; fails if that takes too long. */
async function checkShown(locator: Locator): Promise<void> {
  await locator.waitFor()
}

const where =
  executablePath === undefined
    ? "the live page (no Chromium here that Node drives: set CHROMIUM_PATH)"
    : "the live page"

describe.skipIf(executablePath === undefined)(where, () => {
  it("shows the numbers of the program, and goes on showing them", async () => {
    const { page, probe } = await visit()
    await status(page).getByText("Live").waitFor()
    expect(await plain(figure(page, "Fibers").locator(".value").allTextContents())).toEqual(["1 000 205"])
    expect(await plain(figure(page, "Sleeping").locator(".value").allTextContents())).toEqual(["1 000 000"])
    expect(await plain(figure(page, "Event-loop delay").allTextContents())).toEqual([
      "Event-loop delay0.42 msat most 7.5 ms",
    ])
    expect(await plain(figure(page, "Heap").locator(".value").allTextContents())).toEqual(["300 MiB"])
    // Of two overviews.
    await figure(page, "Operations").getByText("1.25\u202FM/s").waitFor()
    await figure(page, "Failed").getByText("2/s", { exact: true }).waitFor()
    probe.change = { fibers: { live: 7, ready: 0, sleeping: 7, outside: 0 } }
    await figure(page, "Fibers").getByText("7", { exact: true }).waitFor()
    expect(await page.title()).toBe("7 fibers – rapid-fiber")
  })

  it("draws charts, sleepers, groups, primitives and failures", async () => {
    const { page } = await visit()
    await page.locator(".chart canvas").nth(3).waitFor()
    expect(await page.locator(".chart h3").allTextContents()).toEqual([
      "Fibers",
      "Operations",
      "Event-loop delay",
      "Failures",
    ])
    expect(
      await page.getByRole("img", { name: /^Event-loop delay over the last five minutes: mean 0.42/ }).count(),
    ).toBe(1)
    expect(await plain(page.locator(".bars tbody tr").allTextContents())).toEqual([
      "< 10 ms1 200",
      "< 1 s98 800",
      "later900 000",
    ])
    const groups = page.getByRole("region", { name: "Groups" }).locator("tbody tr")
    expect(await plain(groups.allTextContents())).toEqual([
      "1 000 000 ×sleepersleepingsleep",
      "193 ×workerwaitingqueue.take",
    ])
    expect(await page.getByRole("region", { name: "Waited for" }).locator("tbody tr").allTextContents()).toEqual([
      "semaphore(4)28",
    ])
    await page.locator(".failures summary").click()
    expect(await page.locator(".failures pre").textContent()).toContain("at load (app.ts:1:2)")
  })

  it("draws pixels, in the colours of the page", async () => {
    const { page } = await visit()
    await figure(page, "Operations").getByText("M/s").waitFor()
    await checkUntil(
      page,
      `(() => {
        const { width, height } = document.querySelector(".chart canvas")
        const { data } = document.querySelector(".chart canvas").getContext("2d").getImageData(0, 0, width, height)
        return data.some((byte) => byte > 0)
      })()`,
    )
  })

  it("is there before the first numbers are", async () => {
    const page = await newPage({})
    const server = await serve(new FakeProbe())
    ends.push(() => server[Symbol.asyncDispose]())
    await page.route("**/events", () => {})
    await page.goto(server.url)
    await page.getByText("Waiting for the first numbers.").waitFor()
    expect(await status(page).textContent()).toBe("Connecting…")
    expect(await page.getByRole("button", { name: "Pause" }).isVisible()).toBe(true)
  })

  it("finds fibers by name, by what they wait for, by id and by state", async () => {
    const { page } = await visit()
    const search = page.getByRole("searchbox", { name: "Search" })
    const matching = (text: string) => page.locator(".paging p").getByText(text).waitFor()
    await search.fill("JOB-14")
    await matching("1–11 of 11 fibers")
    await search.fill("queue")
    await matching("1–100 of 153 fibers")
    await search.fill("1105")
    await matching("of 1 fiber")
    await search.fill("none of this name")
    await page.getByText("No fibers match.").waitFor()
    await page.getByRole("button", { name: "Clear" }).click()
    await matching("of 302 roots")
    await page.getByLabel("State").selectOption("ready")
    await matching("1–1 of 1 fiber")
    expect(await list(page).first().textContent()).toContain("ticker")
  })

  it("shows a group in the list when it is clicked", async () => {
    const { page } = await visit()
    await page.getByRole("button", { name: "sleeper" }).first().click()
    await page.locator(".paging p").getByText("1–100 of 300 fibers").waitFor()
    expect(await page.getByRole("searchbox", { name: "Search" }).inputValue()).toBe("sleeper")
    expect(await page.getByLabel("State").inputValue()).toBe("sleeping")
  })

  it("turns pages of a hundred, and no further than there are", async () => {
    const { page } = await visit()
    const [previous, next] = [
      page.getByRole("button", { name: "Previous" }),
      page.getByRole("button", { name: "Next" }),
    ]
    const at = (text: string) => page.locator(".paging p").getByText(text).waitFor()
    await at("1–100 of 302 roots")
    expect(await previous.getAttribute("aria-disabled")).toBe("true")
    await next.click()
    await at("101–200 of 302 roots")
    await next.click()
    await next.click()
    await at("301–302 of 302 roots")
    expect(await next.getAttribute("aria-disabled")).toBe("true")
    // It says so and takes the focus, but does nothing.
    await next.click({ force: true })
    await previous.click()
    await at("201–300 of 302 roots")
  })

  it("goes to the last page when the one that was shown is gone", async () => {
    const { page, probe } = await visit()
    await page.getByRole("button", { name: "Next" }).click()
    await page.locator(".paging p").getByText("101–200 of 302 roots").waitFor()
    probe.rows = family().slice(0, 5)
    await checkShown(page.locator(".paging p").getByText("1–2 of 2 roots"))
  })

  it("opens the children of a fiber when it is asked to, a hundred at a time", async () => {
    const { page } = await visit()
    const names = () => page.locator(".fibers .name .link").allTextContents()
    await page.locator('[data-fiber="1"]').waitFor()
    expect((await names()).slice(0, 2)).toEqual(["server", "ticker"])
    const opener = page.getByRole("button", { name: "Children of server, 1" })
    expect(await opener.getAttribute("aria-expanded")).toBe("false")
    await opener.click()
    await page.locator('[data-fiber="4"]').waitFor()
    expect(await opener.getAttribute("aria-expanded")).toBe("true")
    expect((await names()).slice(0, 5)).toEqual(["server", "worker-1", "worker-2", "worker-3", "ticker"])
    await page.getByRole("button", { name: "Children of worker-2, 3" }).click()
    await page.getByRole("button", { name: "50 more of 50" }).click()
    await page.locator('[data-fiber="249"]').waitFor()
    expect(await page.locator('[data-fiber="249"]').count()).toBe(1)
    await opener.click()
    await checkUntil(page, `document.querySelector('[data-fiber="249"]') === null`)
    expect((await names()).slice(0, 2)).toEqual(["server", "ticker"])
  })

  it("sorts by a column, and the other way round", async () => {
    const { page } = await visit()
    await page.getByRole("radio", { name: "List" }).check()
    const heading = page.getByRole("columnheader", { name: "Name" }).last()
    const first = (name: string) => list(page).first().locator(".name").getByText(name, { exact: true }).waitFor()
    await heading.getByRole("button").click()
    await first("job-0")
    expect(await heading.getAttribute("aria-sort")).toBe("ascending")
    await heading.getByRole("button").click()
    await first("worker-3")
    expect(await heading.getAttribute("aria-sort")).toBe("descending")
  })

  it("shows a fiber with its path and its trace, and says when it has ended", async () => {
    const { page, probe } = await visit({ offline: true })
    await page.getByRole("searchbox", { name: "Search" }).fill("job-7")
    await page.getByRole("button", { name: "job-7", exact: true }).click()
    const detail = page.getByRole("complementary")
    await detail.getByRole("heading", { name: "job-7 107" }).waitFor()
    expect(await detail.locator(".path li").allTextContents()).toEqual(["server", "worker-2", "job-7"])
    expect(await detail.locator(".trace li").allTextContents()).toEqual([
      "<flatMap> loadUser (app.ts:12:5)",
      "<map> main (app.ts:40:1)",
    ])
    probe.rows = family().filter(({ id }) => id !== 107)
    await detail.getByText("There is no such fiber: it has ended, or never was.").waitFor()
    await detail.getByRole("button", { name: "worker-2" }).click()
    await detail.getByRole("heading", { name: "worker-2 3" }).waitFor()
  })

  it("stands still while it is paused, and leaves the program alone", async () => {
    const { page, probe } = await visit()
    await status(page).getByText("Live").waitFor()
    await page.getByRole("button", { name: "Pause" }).click()
    await status(page).getByText("Paused").waitFor()
    const shown = await page.locator(".program").textContent()
    probe.change = { heap: 1024 }
    await page.waitForTimeout(300)
    const asked = probe.asked
    await page.waitForTimeout(300)
    expect(probe.asked).toBe(asked)
    expect(await page.locator(".program").textContent()).toBe(shown)
    await page.getByRole("button", { name: "Resume" }).click()
    await figure(page, "Heap").getByText("1\u202FKiB").waitFor()
  })

  it("says that the connection is lost, and comes back to a program that was started anew", async () => {
    const { page, server } = await visit({ offline: true })
    await status(page).getByText("Live").waitFor()
    await server.close()
    await status(page).getByText("Connection lost, trying again").waitFor()
    await page.getByRole("alert").getByText("The program does not answer.").waitFor()
    const anew = new FakeProbe()
    anew.change = { heap: 2048 }
    const second = await serve(anew, { interval: 100, port: server.port })
    ends.push(() => second[Symbol.asyncDispose]())
    await status(page).getByText("Live").waitFor()
    await checkShown(figure(page, "Heap").getByText("2\u202FKiB"))
    await checkUntil(page, `document.querySelector(".notice") === null`)
  })

  it("says that a program which is silent is lost", async () => {
    const page = await newPage({})
    await page.clock.install()
    const server = await serve(new FakeProbe(), { interval: 60_000 })
    ends.push(() => server[Symbol.asyncDispose]())
    await page.goto(server.url)
    await status(page).getByText("Live").waitFor()
    // Time stands still from now on, but for what it is told to run: no new attempt comes in between.
    await page.clock.pauseAt(new Date(Date.now() + 60_000))
    expect(await status(page).textContent()).toBe("Live")
    await page.clock.runFor(117_000)
    expect(await status(page).textContent()).toBe("Live")
    // In steps that are shorter than the pause before it tries again.
    for (let i = 0; i < 40 && (await status(page).textContent()) === "Live"; i++) await page.clock.runFor(100)
    expect(await status(page).textContent()).not.toBe("Live")
  })

  it("tells why it is refused", async () => {
    const probe = new FakeProbe()
    const { page, server } = await visit({ probe, offline: true })
    await status(page).getByText("Live").waitFor()
    await page.getByRole("button", { name: "Pause" }).click()
    const others = Array.from({ length: 16 }, () => new AbortController())
    ends.push(async () => others.forEach((other) => other.abort()))
    // The page's own stream may be about to end.
    for (const { signal } of others)
      while (!(await fetch(`${server.url}events`, { signal })).ok) await page.waitForTimeout(20)
    await page.getByRole("button", { name: "Resume" }).click()
    await checkShown(page.getByRole("alert").getByText("at most 16 event streams"))
  })

  it("tells a failure of the monitor", async () => {
    const { page, probe } = await visit()
    await status(page).getByText("Live").waitFor()
    probe.overview = () => {
      throw new Error("out of order")
    }
    await checkShown(page.getByRole("alert").getByText("The monitor failed: Error: out of order"))
  })

  it("cancels a fiber when it is asked twice, where that is allowed", async () => {
    const { page, probe } = await visit({ listen: { actions: true } })
    await page.locator('[data-fiber="1"]').click()
    await page.getByRole("button", { name: "Cancel fiber…" }).click()
    const dialog = page.getByRole("dialog", { name: "Cancel server?" })
    expect(await dialog.textContent()).toContain("Fiber 1 and its 3 children will be asked to stop")
    await dialog.getByRole("button", { name: "Keep it" }).click()
    await dialog.waitFor({ state: "hidden" })
    expect(probe.cancelled).toEqual([])
    await page.getByRole("button", { name: "Cancel fiber…" }).click()
    await page.keyboard.press("Escape")
    await dialog.waitFor({ state: "hidden" })
    // The dialog was closed, not the detail.
    await page.getByRole("button", { name: "Cancel fiber…" }).click()
    await dialog.getByRole("button", { name: "Cancel it" }).click()
    await page.getByText("Asked to stop.", { exact: true }).waitFor()
    expect(probe.cancelled).toEqual([1])
    await page.locator(".detail .mark").getByText("cancelling").waitFor()
  })

  it("offers no cancelling where only looking is allowed", async () => {
    const { page } = await visit()
    await page.locator('[data-fiber="1"]').click()
    await page.getByRole("complementary").getByRole("heading", { name: "server 1" }).waitFor()
    await page.locator(".detail .facts").waitFor()
    expect(await page.getByRole("button", { name: "Cancel fiber…" }).count()).toBe(0)
  })

  it("shows what looks like HTML as the text that it is", async () => {
    const html = `<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>`
    const probe = new FakeProbe(family().map((row) => (row.id === 1 ? { ...row, name: html, waitsFor: html } : row)))
    probe.change = {
      groups: [{ name: html, state: "waiting", waitsFor: html, count: 1, listed: true }],
      primitives: [{ what: html, waiters: 1 }],
      failures: [{ time: 0, fiber: html, error: html }],
    }
    const fiber = probe.fiber.bind(probe)
    probe.fiber = (id) => {
      const found = fiber(id)
      return found && { ...found, trace: [html] }
    }
    const { page } = await visit({ probe, listen: { actions: true } })
    await page.locator('[data-fiber="1"]').click()
    await page.locator(".trace").getByText(html).waitFor()
    await page.getByRole("button", { name: "Cancel fiber…" }).click()
    await page.getByRole("dialog").getByText(`Cancel ${html}?`).waitFor()
    await page.getByRole("button", { name: "Keep it" }).click()
    await page.getByRole("region", { name: "Groups" }).getByRole("button", { name: html }).click()
    await page.locator(".paging p").getByText("1–1 of 1 fiber").waitFor()
    expect(await page.evaluate("document.querySelectorAll('#page img, #page script').length")).toBe(0)
    expect(await page.evaluate("window.harmed")).toBeUndefined()
    expect(await page.getByText(html).count()).toBeGreaterThan(6)
  })

  it("copies what it shows as JSON", async () => {
    const { page } = await visit({ context: { permissions: ["clipboard-read", "clipboard-write"] } })
    await page.getByRole("button", { name: "Copy JSON" }).first().click()
    await page.getByText("Copied").waitFor()
    expect(JSON.parse(await page.evaluate("navigator.clipboard.readText()"))).toMatchObject({ heap: 314_572_800 })
  })

  it("needs its token once, and does not keep it in the address", async () => {
    const token = "correct-horse-battery"
    const { page, server } = await visit({ listen: { token }, offline: true })
    expect(await page.textContent("body")).toContain("This page asks for its token.")
    await page.goto(`${server.url}?token=${token}`)
    await status(page).getByText("Live").waitFor()
    expect(page.url()).toBe(server.url)
    await page.reload()
    await status(page).getByText("Live").waitFor()
  })

  it("is used by the keyboard alone", async () => {
    const { page } = await visit({ listen: { actions: true } })
    await page.locator('[data-fiber="1"]').waitFor()
    const focused = () => page.evaluate<string>("document.activeElement.textContent || document.activeElement.id")
    const tabTo = async (text: string): Promise<void> => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press("Tab")
        if ((await focused()) === text) return
      }
      throw new Error(`Expected Tab to come to ${text}, got ${await focused()}`)
    }
    await page.keyboard.press("Tab")
    expect(await focused()).toBe("To the fibers")
    await page.keyboard.press("Enter")
    await tabTo("search")
    await page.keyboard.type("worker-")
    await page.locator(".paging p").getByText("of 3 fibers").waitFor()
    await tabTo("worker-2")
    expect(await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid")
    await page.keyboard.press("Enter")
    await page.getByRole("complementary").waitFor()
    await checkUntil(page, `document.activeElement.id === "detail"`)
    await tabTo("Cancel fiber…")
    await page.keyboard.press("Enter")
    await page.getByRole("dialog").waitFor()
    await page.keyboard.press("Escape")
    await checkUntil(page, `document.activeElement.textContent === "Cancel fiber…"`)
    await page.keyboard.press("Escape")
    await checkUntil(page, `document.activeElement.dataset.fiber === "3"`)
    // Out at the end, and in again at the start.
    await tabTo("To the fibers")
  })

  it("names its parts for who does not see them", async () => {
    const { page } = await visit()
    await page.locator('[data-fiber="1"]').click()
    await page.locator(".detail .facts").waitFor()
    for (const name of [
      "Numbers",
      "The last five minutes",
      "Sleepers by time to wake",
      "Groups",
      "Waited for",
      "Fibers",
      "Recent failures",
    ]) {
      expect(await page.getByRole("region", { name, exact: true }).count()).toBe(1)
    }
    expect([await page.getByRole("banner").count(), await page.getByRole("main").count()]).toEqual([1, 1])
    expect(await page.getByRole("status").first().getAttribute("aria-live")).toBe("polite")
    const nameless = await page.evaluate<string[]>(
      `[...document.querySelectorAll("button, select, input, textarea")]
        .filter((it) => !(it.textContent || it.getAttribute("aria-label") || it.labels?.length))
        .map((it) => it.outerHTML)`,
    )
    expect(nameless).toEqual([])
    const ids = await page.evaluate<string[]>(`[...document.querySelectorAll("[id]")].map((it) => it.id)`)
    expect(ids).toEqual([...new Set(ids)])
  })

  it.each([360, 768, 1280])("fits into a window of %d pixels", async (width) => {
    const probe = new FakeProbe(family().map((row) => ({ ...row, name: `${row.name}-${"x".repeat(80)}` })))
    probe.change = {
      groups: [{ name: "y".repeat(120), state: "waiting", waitsFor: "z".repeat(60), count: 1_000_000, listed: true }],
      failures: [{ time: 0, fiber: "f".repeat(90), error: "e".repeat(400) }],
    }
    const { page } = await visit({ probe, listen: { actions: true }, context: { viewport: { width, height: 800 } } })
    await page.getByRole("button", { name: "Children of server", exact: false }).click()
    await page.locator('[data-fiber="3"]').click()
    await page.locator(".detail .facts").waitFor()
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width)
  })

  describe.each(["light", "dark"] as const)("in %s colours", (colorScheme) => {
    it("has text that stands out from its ground by 4.5 or more", async () => {
      const { page } = await visit({ context: { colorScheme }, listen: { actions: true } })
      await page.locator('[data-fiber="1"]').click()
      await page.locator(".detail .facts").waitFor()
      await page.mouse.move(0, 0)
      expect(await page.evaluate<string[]>(lowContrast)).toEqual([])
    })
  })

  it("follows the system's colours until others are chosen, and remembers these", async () => {
    const { page } = await visit({ context: { colorScheme: "dark" } })
    const ground = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor")
    const dark = await ground()
    await page.emulateMedia({ colorScheme: "light" })
    const light = await ground()
    expect(light).not.toBe(dark)
    await page.getByLabel("Colours").selectOption("dark")
    expect(await ground()).toBe(dark)
    await page.reload()
    await page.getByLabel("Colours").waitFor()
    expect(await ground()).toBe(dark)
    await page.getByLabel("Colours").selectOption("system")
    expect(await ground()).toBe(light)
  })

  it("moves nothing for who asks for less motion", async () => {
    const { page } = await visit({ context: { reducedMotion: "reduce" } })
    await page.locator(".bar").first().waitFor()
    const moving = await page.evaluate<string[]>(
      `[...document.querySelectorAll("*")]
        .filter((it) => ["", "::before"].some((part) => {
          const { animationName, transitionDuration } = getComputedStyle(it, part)
          return animationName !== "none" || transitionDuration !== "0s"
        }))
        .map((it) => it.className)`,
    )
    expect(moving).toEqual([])
  })
})

/** In the browser: the texts whose contrast is below 4.5, with it. Controls that are out of use are exempt. */
const lowContrast = `(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number)
  const light = (colour) => {
    const [r, g, b] = numbers(colour).map((part) => {
      const share = part / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const groundOf = (it) => {
    for (; it !== null; it = it.parentElement) {
      const { backgroundColor } = getComputedStyle(it)
      if ((numbers(backgroundColor)[3] ?? 1) > 0.99) return backgroundColor
    }
    return "rgb(255, 255, 255)"
  }
  const found = []
  const texts = document.createTreeWalker(document.getElementById("page"), NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const { parentElement: it, textContent } = texts.currentNode
    if (textContent.trim() === "" || !it.checkVisibility() || it.closest("[aria-disabled=true]")) continue
    const [a, b] = [light(getComputedStyle(it).color), light(groundOf(it))].toSorted((x, y) => y - x)
    const contrast = (a + 0.05) / (b + 0.05)
    if (contrast < 4.5) found.push(textContent + " " + contrast.toFixed(2))
  }
  return [...new Set(found)]
})()`
