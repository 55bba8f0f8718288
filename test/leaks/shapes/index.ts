import type { Shape } from "../shape.ts"
import { aborts } from "./aborts.ts"
import { callbacks } from "./callbacks.ts"
import { children } from "./children.ts"
import { completables } from "./completables.ts"
import { context } from "./context.ts"
import { endless } from "./endless.ts"
import { events } from "./events.ts"
import { iterables } from "./iterables.ts"
import { joins } from "./joins.ts"
import { memoized } from "./memoized.ts"
import { observables } from "./observables.ts"
import { primitives } from "./primitives.ts"
import { races } from "./races.ts"
import { regions } from "./regions.ts"
import { roots } from "./roots.ts"
import { scopes } from "./scopes.ts"
import { signals } from "./signals.ts"
import { sleeps } from "./sleeps.ts"
import { streams } from "./streams.ts"

/** Each of them must leave nothing behind. */
export const shapes: readonly Shape[] = [
  ...races,
  ...joins,
  ...completables,
  ...children,
  ...scopes,
  ...roots,
  ...endless,
  ...memoized,
  ...context,
  ...regions,
  ...signals,
  ...aborts,
  ...iterables,
  ...events,
  ...callbacks,
  ...observables,
  ...primitives,
  ...streams,
  ...sleeps,
]
