import type { Overview } from "../src/monitor/view.ts"
import { bytes, count, duration, perSecond } from "./format.ts"
import type { Rates } from "./history.ts"

interface NumbersProps {
  readonly overview: Overview
  readonly rates: Rates | undefined
}

/** The state of the program in a dozen numbers. */
export function Numbers({ overview, rates }: NumbersProps) {
  const { fibers, counts, eventLoopDelay, heap } = overview
  return (
    <section aria-labelledby="numbers">
      <h2 id="numbers" class="hidden">
        Numbers
      </h2>
      <div class="numbers">
        <dl class="figures">
          <Figure name="Fibers" value={count(fibers.live)} note="alive" strong />
          <Figure name="Ready" value={count(fibers.ready)} note="are to run" kind="ready" />
          <Figure name="Sleeping" value={count(fibers.sleeping)} note="until a time" kind="sleeping" />
          <Figure name="Waiting outside" value={count(fibers.outside)} note="callback, promise" kind="waiting" />
          <Figure
            name="Event-loop delay"
            value={duration(eventLoopDelay.mean)}
            note={`at most ${duration(eventLoopDelay.max)}`}
          />
          <Figure name="Heap" value={heap === 0 ? "–" : bytes(heap)} note="in use" />
        </dl>
        <dl class="figures rates">
          <Figure name="Operations" value={perSecond(rates?.operations)} note={`${count(counts.operations)} in all`} />
          <Figure name="Started" value={perSecond(rates?.started)} note={`${count(counts.started)} in all`} />
          <Figure name="Succeeded" value={perSecond(rates?.succeeded)} note={`${count(counts.succeeded)} in all`} />
          <Figure
            name="Failed"
            value={perSecond(rates?.failed)}
            note={`${count(counts.failed)} in all`}
            {...((rates?.failed ?? 0) > 0 && { kind: "failed" })}
          />
          <Figure name="Cancelled" value={perSecond(rates?.cancelled)} note={`${count(counts.cancelled)} in all`} />
        </dl>
      </div>
    </section>
  )
}

interface FigureProps {
  readonly name: string
  readonly value: string
  readonly note: string
  readonly kind?: string
  readonly strong?: boolean
}

function Figure({ name, value, note, kind, strong = false }: FigureProps) {
  return (
    <div class={["figure", strong && "strong", kind].filter(Boolean).join(" ")}>
      <dt>{name}</dt>
      <dd class="value">{value}</dd>
      <dd class="note">{note}</dd>
    </div>
  )
}
