import { useEffect, useRef, useState } from "preact/hooks"
import type { FiberDetail } from "../src/monitor/view.ts"
import { CancelButton } from "./cancel-button.tsx"
import { CopyButton } from "./copy-button.tsx"
import { count, duration } from "./format.ts"
import { isGone, loadFiber, reasonOf } from "./requests.ts"
import { StateMark } from "./state-mark.tsx"

interface DetailProps {
  readonly id: number
  readonly moment: number
  readonly asking: boolean
  readonly actions: boolean
  readonly onChoose: (id: number) => void
  readonly onClose: () => void
}

/** One fiber: where it belongs, what it waits for, and by which tasks it came there. */
export function Detail({ id, moment, asking, actions, onChoose, onClose }: DetailProps) {
  const { fiber, problem } = useFiber(id, moment, asking)
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  return (
    <aside
      class="card detail"
      aria-labelledby="detail"
      onKeyDown={(event) => {
        // In the dialog, Escape is the dialog's.
        if (event.key === "Escape" && !(event.target as Element).closest("dialog")) onClose()
      }}
    >
      <div class="title">
        <h2 id="detail" tabIndex={-1} ref={title}>
          {fiber?.name ?? "Fiber"} <small>{id}</small>
        </h2>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      {problem !== undefined && <p class="notice">{problem}</p>}
      {fiber !== undefined && (
        <>
          <Facts fiber={fiber} />
          <h3>Path</h3>
          <ol class="path">
            {fiber.path.map((ancestor) => (
              <li key={ancestor.id}>
                <button type="button" class="link" onClick={() => onChoose(ancestor.id)}>
                  {ancestor.name}
                </button>
              </li>
            ))}
            <li aria-current="true">{fiber.name}</li>
          </ol>
          <h3>Trace</h3>
          {fiber.trace.length === 0 ? (
            <p class="empty">
              None. <code>rapid-fiber/trace</code> records where tasks were made.
            </p>
          ) : (
            <ol class="trace" tabIndex={0}>
              {fiber.trace.map((line, index) => (
                <li key={index}>
                  <code>{line}</code>
                </li>
              ))}
            </ol>
          )}
          <div class="tools">
            <CopyButton value={fiber} />
            {actions && problem === undefined && <CancelButton fiber={fiber} />}
          </div>
        </>
      )}
    </aside>
  )
}

function Facts({ fiber }: { readonly fiber: FiberDetail }) {
  return (
    <dl class="facts">
      <dt>State</dt>
      <dd>
        <StateMark state={fiber.state} cancelling={fiber.cancelling} />
      </dd>
      <dt>Waits for</dt>
      <dd>{fiber.waitsFor ?? "–"}</dd>
      <dt>Since</dt>
      <dd>{duration(fiber.since)}</dd>
      <dt>Wakes in</dt>
      <dd>{duration(fiber.wakesIn)}</dd>
      <dt>Children</dt>
      <dd>{count(fiber.children)}</dd>
    </dl>
  )
}

/** The fiber as it was last seen, and why not later. */
function useFiber(id: number, moment: number, asking: boolean) {
  const [fiber, setFiber] = useState<FiberDetail>()
  const [problem, setProblem] = useState<string>()
  const seen = useRef<"not yet" | "alive" | "gone">("not yet")
  useEffect(() => {
    if (seen.current === "gone" || (seen.current === "alive" && !asking)) return undefined
    const controller = new AbortController()
    loadFiber(id, controller.signal).then(
      (found) => {
        seen.current = "alive"
        setFiber(found)
        setProblem(undefined)
      },
      (error: unknown) => {
        if (controller.signal.aborted) return
        if (isGone(error)) seen.current = "gone"
        setProblem(reasonOf(error))
      },
    )
    return () => controller.abort()
  }, [id, moment])
  return { fiber, problem }
}
