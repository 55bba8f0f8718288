import { existsSync } from "node:fs"

/** Where Chromium is on this machine; undefined if it is not, or if this is not Node, which drives it. */
export function chromiumPath(): string | undefined {
  if ("Bun" in globalThis || "Deno" in globalThis) return undefined
  const asked = process.env["CHROMIUM_PATH"]
  const usual = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
  ]
  return (asked ? [asked] : usual).find((path) => existsSync(path))
}
