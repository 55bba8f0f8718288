import { useEffect, useState } from "preact/hooks"
import type { FiberState } from "../src/monitor/view.ts"
import { FiberRow, More } from "./fiber-row.tsx"
import { type Filter, isTree, type Opened, pageSize, useListing } from "./listing.ts"
import { Paging } from "./paging.tsx"
import { TableHead } from "./table-head.tsx"

interface FibersProps {
  readonly filter: Filter
  readonly onFilter: (filter: Filter) => void
  /** When the program was last looked at: the list is asked for again. */
  readonly moment: number
  readonly asking: boolean
  readonly chosen: number | undefined
  readonly onChoose: (id: number) => void
}

/** The fibers: as a tree, or those that are searched for. */
export function Fibers({ filter, onFilter, moment, asking, chosen, onChoose }: FibersProps) {
  const [opened, setOpened] = useState<Opened>(new Map())
  const { listing, problem } = useListing(filter, opened, { moment, asking })
  const change = (changes: Partial<Filter>): void => onFilter({ ...filter, offset: 0, ...changes })
  const open = (id: number, many: number | undefined): void => {
    const next = new Map(opened)
    if (many === undefined) next.delete(id)
    else next.set(id, many)
    setOpened(next)
  }
  // Fibers end; the page that was shown may be gone.
  useEffect(() => {
    const { rows, matching } = listing?.page ?? { rows: [0], matching: 0 }
    if (rows.length === 0 && filter.offset > 0) change({ offset: lastOffset(matching) })
  }, [listing])
  return (
    <section class="card fibers" aria-labelledby="fibers" aria-busy={listing === undefined}>
      <h2 id="fibers" tabIndex={-1}>
        Fibers
      </h2>
      <Controls filter={filter} onChange={change} />
      {problem !== undefined && <p class="notice">{problem}</p>}
      <table>
        <caption class="hidden">{isTree(filter) ? "Fibers with their children below them" : "Fibers"}</caption>
        <TableHead filter={filter} onSort={change} />
        <tbody>
          {listing?.lines.map((line) =>
            "fiber" in line ? (
              <FiberRow
                key={line.fiber.id}
                line={line}
                tree={isTree(filter)}
                opened={opened.has(line.fiber.id)}
                chosen={line.fiber.id === chosen}
                onOpen={open}
                onChoose={onChoose}
              />
            ) : (
              <More key={`more ${line.parent.id}`} line={line} onOpen={open} />
            ),
          )}
        </tbody>
      </table>
      {listing?.lines.length === 0 && <p class="empty">No fibers {isTree(filter) ? "here" : "match"}.</p>}
      {listing !== undefined && (
        <Paging
          offset={filter.offset}
          shown={listing.page.rows.length}
          matching={listing.page.matching}
          partial={listing.page.partial}
          what={isTree(filter) ? "root" : "fiber"}
          onMove={(offset) => change({ offset })}
        />
      )}
    </section>
  )
}

function lastOffset(matching: number): number {
  return Math.max(0, Math.floor((matching - 1) / pageSize) * pageSize)
}

const states: readonly FiberState[] = ["running", "ready", "sleeping", "waiting", "ending"]

interface ControlsProps {
  readonly filter: Filter
  readonly onChange: (changes: Partial<Filter>) => void
}

function Controls({ filter, onChange }: ControlsProps) {
  const { search, state, tree } = filter
  const filtered = search !== "" || state !== ""
  return (
    <form class="controls" role="search" onSubmit={(event) => event.preventDefault()}>
      <label class="grow">
        <span class="hidden">Search</span>
        <input
          id="search"
          type="search"
          placeholder="Search by name, wait or id"
          maxLength={200}
          value={search}
          onInput={({ currentTarget }) => onChange({ search: currentTarget.value, group: undefined })}
        />
      </label>
      <label class="choice">
        <span>State</span>
        <select
          value={state}
          onChange={({ currentTarget }) => onChange({ state: currentTarget.value as Filter["state"] })}
        >
          <option value="">any</option>
          {states.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <fieldset class="switch">
        <legend class="hidden">Arrangement</legend>
        {[true, false].map((value) => (
          <label key={String(value)}>
            <input
              type="radio"
              name="arrangement"
              checked={tree === value}
              onChange={() => onChange({ tree: value })}
            />
            <span>{value ? "Tree" : "List"}</span>
          </label>
        ))}
      </fieldset>
      {filtered && (
        <button type="button" onClick={() => onChange({ search: "", group: undefined, state: "" })}>
          Clear
        </button>
      )}
    </form>
  )
}
