import { linesOf, type Slice } from "./trace.ts"
import type { Finding } from "./trial.ts"

/**
 * What `explore` or `replay` has found: `message` says what went wrong, what ran in which order, and how to run it again.
 * `cause` is the program's own error, where there is one.
 */
export class ExplorationError extends Error {
  override readonly name = "ExplorationError"
  /**
   * A failure of the program, of a check, or that nobody observed; a deadlock: nothing is ready, nothing is scheduled,
   * and fibers wait; a leak: fibers, timers or resources are left behind; or a divergence: a run without end.
   */
  readonly kind: Finding["kind"]
  /** For `replay(token, program)`. */
  readonly token: string
  /** What ran, in which order: a line for each stretch of a fiber. */
  readonly schedule: ReadonlyArray<string>

  constructor(finding: Finding, token: string, slices: ReadonlyArray<Slice>, found: string) {
    const schedule = linesOf(slices)
    const text = [`${finding.kind}: ${finding.message}`]
    // Nothing is to be shown of a run that cannot be repeated.
    if (schedule.length > 0) {
      text.push(`What ran, in order${found}:\n${schedule.join("\n")}`)
      text.push(`Run it again: await replay(${JSON.stringify(token)}, program)`)
    }
    super(text.join("\n\n"), finding.cause === undefined ? undefined : { cause: finding.cause })
    this.kind = finding.kind
    this.token = token
    this.schedule = schedule
  }
}
