/**
 * Programs do with traces on what they do without: the laws, once more. All the suite can be run so by hand, with `enable.ts`
 * among the setup files of a config: what differs are tests of memory, and of a million tasks made in some seconds.
 */
import "./enable.ts"
import { describe } from "vitest"

// Each in a group of its own, for the sake of its hooks.
describe("the laws of Monad", async () => void (await import("../laws/monad.test.ts")))
describe("the laws of generators", async () => void (await import("../laws/generator.test.ts")))
describe("the laws of resuming", async () => void (await import("../laws/resume.test.ts")))
describe("masks", async () => void (await import("../fiber/mask.test.ts")))
describe("locals", async () => void (await import("../fiber/local.test.ts")))
describe("memoize", async () => void (await import("../task/memoize.test.ts")))
describe("retry and repeat", async () => void (await import("../task/recur.test.ts")))
describe("queues", async () => void (await import("../sync/queue.test.ts")))
