import { useState } from "preact/hooks"
import { Detail } from "./detail.tsx"
import { Fibers } from "./fibers.tsx"
import type { Filter } from "./listing.ts"

interface ExplorerProps {
  readonly filter: Filter
  readonly onFilter: (filter: Filter) => void
  /** When the program was last looked at: what is shown is asked for again. */
  readonly moment: number
  /** Whether it is, by itself. */
  readonly asking: boolean
  readonly actions: boolean
}

/** The list of fibers, and beside it the one that was chosen. */
export function Explorer({ filter, onFilter, moment, asking, actions }: ExplorerProps) {
  const [chosen, setChosen] = useState<number>()
  const close = (): void => {
    setChosen(undefined)
    document.querySelector<HTMLElement>(`[data-fiber="${chosen}"]`)?.focus()
  }
  const shared = { moment, asking, onChoose: setChosen }
  return (
    <div class={chosen === undefined ? "fibers-and-detail" : "fibers-and-detail with-detail"}>
      <Fibers filter={filter} onFilter={onFilter} chosen={chosen} {...shared} />
      {chosen !== undefined && <Detail key={chosen} id={chosen} actions={actions} onClose={close} {...shared} />}
    </div>
  )
}
