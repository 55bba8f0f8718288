import type { Duplex, Readable, Writable } from "node:stream"
import { Task } from "../task/index.ts"

/**
 * Destroys one of Node's streams and waits until it is closed. It fails with an error that comes of that, and is not the one
 * that it was destroyed with. Something else listens to "error" before, and takes what comes between.
 */
export function destroyed(stream: Readable | Writable | Duplex, reason?: unknown): Task<void> {
  return Task.async<void>((resume) => {
    if (stream.closed || (stream.destroyed && !emitsClose(stream))) return resume(Task.unit)
    let failure: { readonly error: unknown } | undefined
    const failed = (error: unknown): void => {
      if (error !== reason) failure = { error }
    }
    const closed = (): void => {
      stream.off("error", failed)
      resume(failure === undefined ? Task.unit : (Task.fail(failure.error) as Task<never>))
    }
    stream.on("error", failed)
    if (emitsClose(stream)) stream.once("close", closed)
    stream.destroy(reason as Error | undefined)
    if (!emitsClose(stream)) closed()
  })
}

interface States {
  readonly _readableState?: { readonly emitClose?: boolean }
  readonly _writableState?: { readonly emitClose?: boolean }
}

/** A stream made with `emitClose: false` never says that it is closed. Node tells nowhere else whether it is one. */
function emitsClose(stream: unknown): boolean {
  const { _readableState, _writableState } = stream as States
  const states = [_readableState, _writableState].filter((state) => state !== undefined)
  return states.length === 0 || states.some(({ emitClose }) => emitClose !== false)
}
