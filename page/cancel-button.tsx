import { useRef, useState } from "preact/hooks"
import type { FiberRow } from "../src/monitor/view.ts"
import { count } from "./format.ts"
import { cancelFiber } from "./requests.ts"

/** Asks a fiber to stop, when asked twice. */
export function CancelButton({ fiber }: { readonly fiber: FiberRow }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [answer, setAnswer] = useState<string>()
  const cancel = (): void => {
    dialog.current?.close()
    cancelFiber(fiber.id).then(
      () => setAnswer("Asked to stop."),
      (error: unknown) => setAnswer(error instanceof Error ? error.message : String(error)),
    )
  }
  return (
    <>
      <button type="button" class="danger" onClick={() => dialog.current?.showModal()}>
        Cancel fiber…
      </button>
      <span role="status">{answer}</span>
      <dialog ref={dialog} aria-labelledby="confirm">
        <h2 id="confirm">Cancel {fiber.name}?</h2>
        <p>
          Fiber {fiber.id} {fiber.children > 0 && `and its ${count(fiber.children)} children `}
          will be asked to stop. Cleanups run; this cannot be undone.
        </p>
        <div class="tools">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button type="button" class="danger" onClick={cancel}>
            Cancel it
          </button>
        </div>
      </dialog>
    </>
  )
}
