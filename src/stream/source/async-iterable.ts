import { Task } from "../../task/index.ts"
import type { Open } from "../pull.ts"
import { oneRunEach } from "./only-once.ts"
import { stepped } from "./stepped.ts"

/** The items of an async iterable. Leaving it early calls `return`, once, and waits for that. */
export function asyncIterable<A>(from: AsyncIterable<A>, where: string): Open<A> {
  const begin = oneRunEach<AsyncIterator<A>>(from, where)
  return (run) => {
    let iterator: AsyncIterator<A> | undefined
    let asked = false
    let over = false
    const ask = Task.promise(() => {
      iterator ??= begin(from[Symbol.asyncIterator]())
      asked = true
      return iterator.next()
    })
      .tapError(() => {
        // What throws has ended.
        over = true
      })
      .tap((step) => {
        asked = false
        over = step.done === true
      })
    return {
      next: stepped<A>(run, ask),
      close() {
        if (iterator?.return === undefined || over) return undefined
        const ended = Task.promise(() => iterator?.return?.())
        // An iterator that is busy cannot be interrupted: it is told, and not waited for.
        return asked ? ended.startDetached({ name: "iterator.return" }) : ended
      },
    }
  }
}
