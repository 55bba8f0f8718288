import { useEffect, useMemo, useState } from "preact/hooks"
import type { FiberGroup, Overview } from "../src/monitor/view.ts"
import { Charts } from "./charts.tsx"
import { Explorer } from "./explorer.tsx"
import { Failures } from "./failures.tsx"
import { count } from "./format.ts"
import { Groups } from "./groups.tsx"
import { Header } from "./header.tsx"
import { everything, type Filter } from "./listing.ts"
import { Live, type State } from "./live.ts"
import { Numbers } from "./numbers.tsx"
import { Primitives } from "./primitives.tsx"
import { Sleepers } from "./sleepers.tsx"

/** The whole page. The live connection is its state; the list of fibers and the details ask for themselves. */
export function Page() {
  const [live, state] = useLive()
  const { overview, connection, problem } = state
  useEffect(() => {
    document.title = overview === undefined ? "rapid-fiber" : `${count(overview.fibers.live)} fibers – rapid-fiber`
  }, [overview?.fibers.live])
  return (
    <>
      <a class="skip" href="#fibers">
        To the fibers
      </a>
      <Header
        connection={connection}
        overview={overview}
        onPause={() => (connection === "paused" ? live.start() : live.pause())}
      />
      <main>
        {problem !== undefined && (
          <p class="notice" role="alert">
            {problem}
          </p>
        )}
        {overview === undefined ? (
          <p class="placeholder">
            {connection === "lost" ? "Trying again by itself." : "Waiting for the first numbers."}
          </p>
        ) : (
          <Content state={state} overview={overview} />
        )}
      </main>
    </>
  )
}

function Content({ state, overview }: { readonly state: State; readonly overview: Overview }) {
  const { history, connection, actions } = state
  const [filter, setFilter] = useState<Filter>(everything)
  const choose = ({ name, state: wanted, waitsFor }: FiberGroup): void => {
    const group = { name, ...(waitsFor !== undefined && { waitsFor }) }
    setFilter({ ...everything, search: name, group, state: wanted, tree: false })
    document.getElementById("search")?.focus()
  }
  return (
    // What is no longer true is shown paler.
    <div class={connection === "lost" ? "loaded stale" : "loaded"}>
      <Numbers overview={overview} rates={history.latest?.rates} />
      <Charts history={history} />
      <div class="columns">
        <Sleepers overview={overview} />
        <Groups overview={overview} onChoose={choose} />
        <Primitives overview={overview} />
      </div>
      <Explorer
        filter={filter}
        onFilter={setFilter}
        moment={overview.time}
        asking={connection === "live"}
        actions={actions}
      />
      <Failures overview={overview} />
    </div>
  )
}

function useLive() {
  const [, update] = useState({})
  const live = useMemo(() => new Live(update), [])
  useEffect(() => {
    live.start()
    return () => live.pause()
  }, [live])
  return [live, live.state] as const
}
