import { catsEffect } from "./cats-effect.ts"
import { effect } from "./effect.ts"
import type { Suite } from "./law.ts"
import { promise } from "./promise.ts"
import { rapid } from "./rapid.ts"
import { structured } from "./structured.ts"
import { zio } from "./zio.ts"

/** The laws by where they come from. */
export const suites: readonly Suite[] = [catsEffect, zio, effect, rapid, promise, structured]
