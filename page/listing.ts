import { useEffect, useRef, useState } from "preact/hooks"
import type { FiberPage, FiberQuery, FiberRow, FiberState } from "../src/monitor/view.ts"
import { loadFibers, reasonOf } from "./requests.ts"

/** What the visitor wants to see of the fibers. */
export interface Filter {
  readonly search: string
  /** In place of what is searched for: exactly those that are in a group. */
  readonly group?: Pick<FiberQuery, "name" | "waitsFor"> | undefined
  readonly state: FiberState | ""
  readonly sort: NonNullable<FiberQuery["sort"]>
  readonly descending: boolean
  /** Roots with their children below them, as long as nothing is searched for. */
  readonly tree: boolean
  readonly offset: number
}

export const everything: Filter = { search: "", state: "", sort: "id", descending: false, tree: true, offset: 0 }

/** How many are asked for at once. */
export const pageSize = 100

export function isTree({ tree, search, state }: Filter): boolean {
  return tree && search === "" && state === ""
}

/** How many children are shown, by the ids of those fibers whose children are. */
export type Opened = ReadonlyMap<number, number>

export interface FiberLine {
  readonly fiber: FiberRow
  readonly depth: number
}

/** There are more children than are shown. */
export interface MoreLine {
  readonly parent: FiberRow
  readonly depth: number
  readonly shown: number
  readonly left: number
}

export interface Listing {
  readonly lines: readonly (FiberLine | MoreLine)[]
  readonly page: FiberPage
}

/** When the program was last looked at, and whether to ask again by that. */
interface Asking {
  readonly moment: number
  readonly asking: boolean
}

/** The list as of the last answer, and why there is no newer one. It is asked for again at each `moment` and each change. */
export function useListing(
  filter: Filter,
  opened: Opened,
  { moment, asking }: Asking,
): { readonly listing: Listing | undefined; readonly problem: string | undefined } {
  const [listing, setListing] = useState<Listing>()
  const [problem, setProblem] = useState<string>()
  const running = useRef<AbortController>(undefined)

  const refresh = (): void => {
    const controller = (running.current = new AbortController())
    const done = (): boolean => {
      if (running.current !== controller) return false
      running.current = undefined
      return true
    }
    listOf(filter, opened, controller.signal).then(
      (loaded) => {
        if (!done()) return
        setListing(loaded)
        setProblem(undefined)
      },
      (error: unknown) => {
        if (done()) setProblem(reasonOf(error))
      },
    )
  }

  // A search is typed letter by letter.
  useEffect(() => {
    const timer = setTimeout(refresh, 120)
    return () => {
      clearTimeout(timer)
      running.current?.abort()
      running.current = undefined
    }
  }, [filter, opened])
  useEffect(() => {
    if (asking && running.current === undefined) refresh()
  }, [moment])
  return { listing, problem }
}

async function listOf(filter: Filter, opened: Opened, signal: AbortSignal): Promise<Listing> {
  const { search, group, state, sort, descending, offset } = filter
  const order = { sort, descending }
  if (!isTree(filter)) {
    const found = { ...(group ?? (search !== "" && { search })), ...(state !== "" && { state }) }
    const page = await loadFibers({ ...order, ...found, offset, limit: pageSize }, signal)
    return { page, lines: page.rows.map((fiber) => ({ fiber, depth: 0 })) }
  }
  const page = await loadFibers({ ...order, parent: 0, offset, limit: pageSize }, signal)
  return { page, lines: await below(page.rows, 0) }

  /** The rows, each with what is opened of its children. */
  async function below(rows: readonly FiberRow[], depth: number): Promise<(FiberLine | MoreLine)[]> {
    const parts = await Promise.all(
      rows.map(async (fiber) => {
        const many = opened.get(fiber.id)
        if (many === undefined || fiber.children === 0) return [{ fiber, depth }]
        const children = await loadFibers({ ...order, parent: fiber.id, limit: many }, signal)
        const shown = children.rows.length
        const left = children.matching - shown
        const more = left > 0 ? [{ parent: fiber, depth: depth + 1, shown, left }] : []
        return [{ fiber, depth }, ...(await below(children.rows, depth + 1)), ...more]
      }),
    )
    return parts.flat()
  }
}
