import { count } from "./format.ts"
import { pageSize } from "./listing.ts"

interface PagingProps {
  readonly offset: number
  readonly shown: number
  readonly matching: number
  readonly partial: boolean
  readonly what: string
  readonly onMove: (offset: number) => void
}

export function Paging({ offset, shown, matching, partial, what, onMove }: PagingProps) {
  const first = offset === 0
  const last = offset + shown >= matching
  return (
    <nav class="paging" aria-label="Pages of fibers">
      <p>
        {shown === 0 ? "0" : `${count(offset + 1)}–${count(offset + shown)}`} of {count(matching)}{" "}
        {matching === 1 ? what : `${what}s`}
        {partial && " among those that were looked at"}
      </p>
      <button type="button" aria-disabled={first} onClick={() => first || onMove(Math.max(0, offset - pageSize))}>
        Previous
      </button>
      <button type="button" aria-disabled={last} onClick={() => last || onMove(offset + pageSize)}>
        Next
      </button>
    </nav>
  )
}
