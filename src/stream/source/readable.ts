import { Task } from "../../task/index.ts"
import type { Open } from "../pull.ts"
import { onlyOnce, usedUp } from "./only-once.ts"
import { stepped } from "./stepped.ts"

/** What a ReadableStream gives: it is locked by the first ask, cancelled if it is left early, and unlocked at the end. */
export function readable<A>(from: ReadableStream<A>, where: string): Open<A> {
  const begin = onlyOnce(usedUp(where, "a ReadableStream"))
  return (run) => {
    let reader: ReadableStreamDefaultReader<A> | undefined
    let over = false
    const ask = Task.promise(() => {
      if (reader === undefined) {
        begin()
        reader = from.getReader()
      }
      return reader.read()
    }).tap((step) => {
      over = step.done
    })
    return {
      next: stepped<A>(run, ask),
      close() {
        if (reader === undefined) return undefined
        const ended = over ? Task.unit : Task.promise(() => reader?.cancel())
        return ended.finally(() => reader?.releaseLock())
      },
    }
  }
}
