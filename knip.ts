import type { KnipConfig } from "knip"
import { entries } from "./scripts/entries.ts"

const config: KnipConfig = {
  entry: [
    ...entries.map(({ source }) => source),
    "scripts/*.ts",
    "test/types/**/*.ts",
    "test/runtimes/browser/*.ts",
    "page/main.tsx",
  ],
  project: ["src/**/*.ts", "scripts/**/*.ts", "test/**/*.ts", "page/**/*.{ts,tsx}"],
  // Their commands are run by scripts/check-package.ts.
  ignoreBinaries: ["openssl"],
  ignoreDependencies: ["publint", "@arethetypeswrong/cli"],
}

export default config
