import { parseArgs } from "node:util"

/** What `rapid-fiber sleeps` was asked to do. */
export interface SleepsOptions {
  readonly count: number
  /** Seconds of the longest sleep. */
  readonly max: number
  /** Any millisecond up to `max`, instead of whole seconds. */
  readonly uniform: boolean
  readonly json: boolean
}

export type Command =
  | { readonly name: "help" }
  | { readonly name: "version" }
  | { readonly name: "sleeps"; readonly options: SleepsOptions }

export const USAGE = `Usage: rapid-fiber sleeps [count] [options]

Starts that many sleeps at once, waits for all, and says whether one was lost or early.

  --count <n>      how many sleeps (default 10_000_000; _ may group digits)
  --max <seconds>  the longest sleep (default 9, or 10 with --uniform)
  --uniform        any millisecond up to the longest, instead of whole seconds
  --json           the report as JSON, without progress
  --help, --version

Exit code 0 if every sleeper woke once and none early, 1 if not, 2 for wrong usage, 130 if interrupted.`

/** A mistake in the command line: its message is for the user, without a stack. */
export class UsageError extends Error {
  override readonly name = "UsageError"
}

export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = read(args)
  if (values.help === true) return { name: "help" }
  if (values.version === true) return { name: "version" }
  const [name, count, ...rest] = positionals
  if (name === undefined) return { name: "help" }
  if (name !== "sleeps") throw new UsageError(`Expected a command, sleeps, got ${JSON.stringify(name)}.`)
  if (rest.length > 0) throw new UsageError(`Expected one count, got ${JSON.stringify(rest.join(" "))} as well.`)
  if (count !== undefined && values.count !== undefined) throw new UsageError("Expected one count, got two.")
  const uniform = values.uniform === true
  return {
    name,
    options: {
      count: integer("count", values.count ?? count ?? "10_000_000", 100_000_000),
      max: integer("max", values.max ?? (uniform ? "10" : "9"), 3600),
      uniform,
      json: values.json === true,
    },
  }
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        count: { type: "string" },
        max: { type: "string" },
        uniform: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function integer(name: string, given: string, most: number): number {
  const value = /^\d[\d_]*$/.test(given) ? Number(given.replaceAll("_", "")) : Number.NaN
  if (value >= 1 && value <= most) return value
  throw new UsageError(`Expected \`${name}\` to be an integer from 1 to ${most}, got ${JSON.stringify(given)}.`)
}
