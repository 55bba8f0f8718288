// @ts-check
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { html, readEntries } from "./index.mjs"

/**
 * Opens the page in a headless Chromium, on a phone and on a desk, in light and in dark, with no network:
 *
 *     node bench/report/check.mjs [results.json]
 *
 * It needs `npm ci` here and in test/runtimes, and a Chromium: CHROMIUM_PATH, or /usr/bin/chromium.
 */

const SMALLEST_TEXT = 9

/** @typedef {{ width: number, colorScheme: "light" | "dark" }} View */

const require = createRequire(import.meta.url)
const { chromium } = createRequire(new URL("../../test/runtimes/package.json", import.meta.url))("playwright")
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8")

const results = process.argv[2] ?? fileURLToPath(new URL("../../test/bench/sample.json", import.meta.url))
const folder = mkdtempSync(join(tmpdir(), "rapid-fiber-report-"))
const file = join(folder, "report.html")
writeFileSync(file, await html(readEntries([results])))

const root = process.getuid?.() === 0
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium",
  args: root ? ["--no-sandbox"] : [],
})
try {
  for (const width of [320, 1280]) {
    for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
      const faults = await look({ width, colorScheme })
      console.log(`${width} px ${colorScheme}: ${faults.length === 0 ? "no fault" : faults.join("\n  ")}`)
      if (faults.length > 0) process.exitCode = 1
    }
  }
  console.log(`Screenshots: ${folder}`)
} finally {
  await browser.close()
}

/**
 * What is wrong with the page in one view.
 *
 * @param {View} view
 * @returns {Promise<string[]>}
 */
async function look({ width, colorScheme }) {
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme,
    offline: true,
    deviceScaleFactor: 2,
  })
  const page = await context.newPage()
  /** @type {string[]} */
  const faults = []
  page.on("console", (/** @type {any} */ message) => faults.push(`the console says: ${message.text()}`))
  page.on("pageerror", (/** @type {unknown} */ error) => faults.push(`an error: ${error}`))
  page.on("request", (/** @type {any} */ request) => {
    if (!request.url().startsWith("file:")) faults.push(`asks for ${request.url()}`)
  })
  await page.goto(pathToFileURL(file).href)
  await page.screenshot({ path: join(folder, `${width}-${colorScheme}.png`), fullPage: true })
  faults.push(
    ...(await overflow(page)),
    ...(await smallText(page)),
    ...(await unreached(page)),
    ...(await violations(page)),
  )
  await context.close()
  return faults
}

/** @param {any} page */
async function overflow(page) {
  const [scroll, client] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ])
  return scroll > client ? [`the page is ${scroll} px wide, the window ${client} px`] : []
}

/** Text of a drawing is scaled with it. @param {any} page */
async function smallText(page) {
  /** @type {number[]} */
  const sizes = await page.evaluate(() =>
    [...document.querySelectorAll("svg text")].map((text) => {
      const svg = /** @type {SVGSVGElement} */ (text.closest("svg"))
      return (
        parseFloat(getComputedStyle(text).fontSize) * (svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)
      )
    }),
  )
  const least = Math.min(...sizes)
  return least < SMALLEST_TEXT ? [`text of ${least.toFixed(1)} px in a drawing`] : []
}

/**
 * By the Tab key alone, each thing that can be used, in the order of the page; and each can be seen to have the focus.
 *
 * @param {any} page
 */
async function unreached(page) {
  const wanted = await page.evaluate(() => {
    const all = [...document.querySelectorAll("a[href], summary, [tabindex='0']")]
    all.forEach((element, index) => element.setAttribute("data-stop", String(index)))
    return all.length
  })
  const regions = await page.evaluate(
    () => document.querySelectorAll(".scroll[role=region][tabindex='0'][aria-label]").length,
  )
  const cases = await page.evaluate(() => document.querySelectorAll("article").length)
  const faults = regions === cases ? [] : [`${cases} cases, and ${regions} tables that the keyboard can scroll`]
  for (let stop = 0; stop < wanted; stop++) {
    await page.keyboard.press("Tab")
    const [at, outline] = await page.evaluate(() => {
      const active = /** @type {HTMLElement} */ (document.activeElement)
      return [active.dataset["stop"], getComputedStyle(active).outlineStyle]
    })
    if (at !== String(stop)) return [...faults, `Tab ${stop + 1} of ${wanted} is at ${at ?? "nothing"}`]
    if (outline === "none") faults.push(`Tab ${stop + 1} shows no focus`)
  }
  return faults
}

/**
 * Every rule of axe, those of best practice too. The contrast of what is drawn or scrolled away it cannot judge: the
 * tests compare the colours themselves.
 *
 * @param {any} page
 */
async function violations(page) {
  await page.evaluate(axe)
  /** @type {{ id: string, nodes: { html: string }[] }[]} */
  const found = await page.evaluate("axe.run(document).then(({ violations }) => violations)")
  return found.map(({ id, nodes }) => `axe: ${id}: ${nodes.map(({ html: of }) => of.slice(0, 100)).join(" | ")}`)
}
