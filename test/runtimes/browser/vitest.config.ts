import { fileURLToPath } from "node:url"
import type { BrowserProviderOption } from "vitest/node"
import { defineConfig, mergeConfig } from "vitest/config"
import base from "../../../vitest.config.ts"

/** The tests in a headless Chromium, without what they need of Node: `npm run test:runtimes -- chromium`. */
const root = fileURLToPath(new URL("../../..", import.meta.url))
const here = fileURLToPath(new URL(".", import.meta.url))

/** Files that are about Node, or about what no browser tells. */
const withoutFiles = [
  // The built package, processes, and the file system.
  "test/package/**",
  "test/cli/**",
  "test/bench/**",
  "test/conformance/promises-aplus.test.ts",
  "test/docs/**",
  "test/node/**",
  "test/examples/**",
  "test/monitor/live.test.ts",
  "test/monitor/memory.test.ts",
  "test/trace/**",
  "test/parity/trace-spec.test.ts",
  "test/monitor/server*.test.ts",
  "test/monitor/page*.test.ts",
  "test/opentelemetry/**",
  "test/pino/**",
  "test/runtime/app.test.ts",
  "test/parity/rapid-app-spec.test.ts",
  "test/parity/stream-jvm-spec.test.ts",
  "test/leaks/leaks.test.ts",
  "test/parity/parity.test.ts",
  // AsyncLocalStorage.
  "test/clock/async-context.test.ts",
  "test/clock/requests.test.ts",
  // What array buffers hold counts in their bounds, and only Node tells it.
  "test/runtime/memory.test.ts",
  // The compiler tests these.
  "test/types/**",
]

/** Tests that are about Node, by how their full names begin, in files that are not. */
const withoutTests = [
  // Node's EventEmitter.
  "once of a Node EventEmitter",
  "once of an emitter fails with the error, the very one, if that is emitted first",
  "once of an emitter yields the arguments of an error that is waited for",
  "once of an emitter takes a symbol for the type",
  "once refuses at the call what is neither, and says what would do",
  "on touches nothing before it runs, and leaves nothing behind",
  "on keeps the last, or the first, of those that nobody has asked for",
  "on fails with the error of an emitter, after what came before it",
  "on takes its listeners back when it is cancelled",
  "on refuses at the call what it cannot do",
  // Node's functions that take a callback.
  "fromCallback wraps Node's functions",
  // The file system.
  "fairness lets timers and I/O through",
  // What the process holds open.
  "an edge runtime's rules hold at import",
  // What a process writes to.
  "Logger.console is pretty on a terminal and in a browser, and JSON elsewhere",
  // A heap that only Node measures to the byte.
  "a stream that is shared ends its source with its last user, and keeps nothing of it",
  // AsyncLocalStorage.
  "async context ",
  "mapTask side by side shows its callback the locals and the async context of who runs it",
]

type Launch = {
  readonly executablePath: string | undefined
  readonly chromiumSandbox: boolean
  readonly args: ReadonlyArray<string>
}

// Not by its literal name: the package is installed here only, and the root's type check must do without it.
const installed = "@vitest/browser-playwright"
const { playwright } = (await import(installed)) as {
  readonly playwright: (options: { readonly launchOptions: Launch }) => BrowserProviderOption
}

export default mergeConfig(
  base,
  defineConfig({
    root,
    cacheDir: `${here}../node_modules/.vite`,
    resolve: { alias: [{ find: /^node:.*$/, replacement: `${here}node.ts` }] },
    plugins: [
      {
        // A browser's timer is a number, and keeps nothing alive.
        name: "timers-without-unref",
        transform: (code, id) => (id.startsWith(`${root}test/`) ? code.replaceAll(").unref()", ")") : undefined),
      },
    ],
    // Found in advance: a dependency that is found late reloads the page, in the midst of a test.
    // Only those: what the live page is served with is of Node, and is never loaded here.
    optimizeDeps: { include: ["fast-check", "croner"], noDiscovery: true },
    test: {
      exclude: withoutFiles,
      setupFiles: [`${here}setup.ts`],
      testNamePattern: new RegExp(`^(?!${withoutTests.map(escape).join("|")})`),
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        api: { host: "127.0.0.1" },
        provider: playwright({
          launchOptions: {
            executablePath: process.env["CHROMIUM_PATH"],
            // Chromium's sandbox refuses to work for root.
            chromiumSandbox: process.getuid?.() !== 0,
            args: [
              // Nobody is asked but the test server.
              "--disable-background-networking",
              "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
              "--js-flags=--expose-gc",
              "--enable-precise-memory-info",
            ],
          },
        }),
        instances: [{ browser: "chromium" }],
      },
    },
  }),
)

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
