import type { FiberState } from "../src/monitor/view.ts"

/** A state in its colour, and in a word for who does not see colours. */
export function StateMark({
  state,
  cancelling = false,
}: {
  readonly state: FiberState
  readonly cancelling?: boolean
}) {
  return (
    <span class={`mark ${state}`}>
      <span>{state}</span>
      {cancelling && <em> cancelling</em>}
    </span>
  )
}
