/**
 * Turns traces on as it is loaded, which is its purpose: `node --import rapid-fiber/trace/on app.js`. So the tasks that
 * modules make while they load have places to show, too.
 */
import { enableTraces } from "./enable.ts"
// Every entry brings the runtime along, so that the file which entries share holds Task and what binds it to its runtime.
// oxlint-disable-next-line import/no-unassigned-import -- for its one statement
import "../runtime/index.ts"

enableTraces()
