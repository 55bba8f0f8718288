import { type Task } from "rapid-fiber"
import { exitOf } from "../watch.ts"

/** One line of a stack. */
export interface Line {
  /** The operation, "" for a frame of the engine's. */
  readonly kind: string
  readonly name: string
  readonly file: string
  readonly line: number
  readonly text: string
}

/** The error that a task fails with. */
export async function failureOf(task: Task<unknown, unknown>): Promise<Error> {
  const exit = await exitOf(task)
  if (exit.status === "rejected" && exit.reason instanceof Error) return exit.reason
  throw new Error(`Expected a failure with an error, got ${JSON.stringify(exit)}`)
}

/** The lines of an error's stack, without its message. */
export function linesOf(error: Error): Line[] {
  return (error.stack ?? "").split("\n").flatMap((text) => {
    const match = /^ {4}at (?:(<[\w*]+>) )?(?:(.*?) )?\(?((?:file:\/\/)?[^()]*):(\d+):\d+\)?$/.exec(text)
    if (match === null) return []
    const [, kind = "", name = "", file, line] = match
    return [{ kind, name, file, line: Number(line), text }]
  })
}

/** What of a stack is the trace: the lines with an operation. */
export const placesOf = (error: Error): Line[] => linesOf(error).filter(({ kind }) => kind !== "")

/** As "<kind> name", innermost first. */
export const namesOf = (error: Error): string[] => placesOf(error).map(({ kind, name }) => `${kind} ${name}`.trim())
