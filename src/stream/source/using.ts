import { acquiring, type Restore, Task } from "../../task/index.ts"
import { inTurn } from "../closing.ts"
import type { Open, Pull } from "../pull.ts"
import { planOf } from "./from.ts"

/** Acquires as it is first asked, and releases after the stream that it was acquired for is closed. */
export function using<R, A>(
  acquire: Task<R, unknown> | ((restore: Restore) => Task<R, unknown>),
  use: (resource: R) => unknown,
  release: (resource: R) => Task<unknown, unknown> | void,
): Open<A> {
  return (run) => {
    let held: { readonly resource: R } | undefined
    let inner: Pull<A> | undefined
    const acquired = Task.uncancelable((restore) =>
      acquiring(acquire, restore).map((resource) => {
        held = { resource }
      }),
    )
    return {
      next() {
        if (held === undefined) return run.await(acquired)
        inner ??= planOf<A>(use(held.resource), "what the function of Stream.using returns").open(run)
        return inner.next()
      },
      close() {
        const { resource } = held ?? {}
        const released = held === undefined ? undefined : Task.unit.finally(() => release(resource as R))
        return inTurn(inner?.close?.(), released)
      },
    }
  }
}
