import type { ComponentChildren } from "preact"
import type { Filter } from "./listing.ts"

type SortProps = Pick<SortHeadingProps, "filter" | "onSort">

/** What matters least is the first to go where the window is small. */
export function TableHead(sorting: SortProps) {
  return (
    <thead>
      <tr>
        <SortHeading sort="id" {...sorting} kind="number">
          Id
        </SortHeading>
        <SortHeading sort="name" {...sorting}>
          Name
        </SortHeading>
        <SortHeading sort="state" {...sorting}>
          State
        </SortHeading>
        <th scope="col" class="medium">
          Waits for
        </th>
        <SortHeading sort="since" {...sorting} kind="number wide">
          Since
        </SortHeading>
        <th scope="col" class="number wide">
          Wakes in
        </th>
        <SortHeading sort="children" {...sorting} kind="number medium">
          Children
        </SortHeading>
      </tr>
    </thead>
  )
}

interface SortHeadingProps {
  readonly sort: Filter["sort"]
  readonly filter: Filter
  readonly onSort: (changes: Partial<Filter>) => void
  readonly kind?: string
  readonly children: ComponentChildren
}

function SortHeading({ sort, filter, onSort, kind, children }: SortHeadingProps) {
  const sorted = filter.sort === sort
  const direction = filter.descending ? "descending" : "ascending"
  return (
    <th scope="col" class={kind} aria-sort={sorted ? direction : "none"}>
      <button
        type="button"
        class="sort"
        onClick={() => onSort({ sort, descending: sorted ? !filter.descending : false })}
      >
        {children}
        <span aria-hidden="true">{sorted ? (filter.descending ? " ↓" : " ↑") : ""}</span>
      </button>
    </th>
  )
}
