import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { entries } from "./scripts/entries.ts"

const root = fileURLToPath(new URL(".", import.meta.url))

/** `rapid-fiber` and its subpaths mean the sources, so that tests read like users' code and need no build. */
const alias = entries.flatMap(({ subpath, source }) =>
  subpath === undefined
    ? []
    : [{ find: new RegExp(`^rapid-fiber${subpath.slice(1)}$`), replacement: `${root}${source}` }],
)

export default defineConfig({
  resolve: { alias },
  test: {
    environment: "node",
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/runtimes/**", "bench/**", "dist/**"],
    pool: "forks",
    maxWorkers: 2,
    execArgv: ["--expose-gc"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ["default", "./test/reporter.ts"],
    coverage: { provider: "v8", include: ["src/**"], reporter: ["text", "html"] },
  },
})
