import { count, duration } from "./format.ts"
import { type FiberLine, type MoreLine, pageSize } from "./listing.ts"
import { StateMark } from "./state-mark.tsx"

interface FiberRowProps {
  readonly line: FiberLine
  readonly tree: boolean
  readonly opened: boolean
  readonly chosen: boolean
  readonly onOpen: (id: number, many: number | undefined) => void
  readonly onChoose: (id: number) => void
}

export function FiberRow({ line: { fiber, depth }, tree, opened, chosen, onOpen, onChoose }: FiberRowProps) {
  const { id, name, children } = fiber
  return (
    <tr class={chosen ? "chosen" : undefined}>
      <td class="number id">{id}</td>
      <td class="name">
        <div style={{ paddingInlineStart: `${Math.min(depth, 12) * 16}px` }}>
          {tree &&
            (children > 0 ? (
              <button
                type="button"
                class="expander"
                aria-expanded={opened}
                aria-label={`Children of ${name}, ${id}`}
                onClick={() => onOpen(id, opened ? undefined : pageSize)}
              />
            ) : (
              <span class="expander" />
            ))}
          <button
            type="button"
            class="link"
            data-fiber={id}
            aria-current={chosen ? "true" : undefined}
            onClick={() => onChoose(id)}
          >
            {name}
          </button>
          {depth > 0 && <span class="hidden"> level {depth + 1}</span>}
        </div>
      </td>
      <td>
        <StateMark state={fiber.state} cancelling={fiber.cancelling} />
      </td>
      <td class="medium waits">{fiber.waitsFor ?? "–"}</td>
      <td class="number wide">{duration(fiber.since)}</td>
      <td class="number wide">{duration(fiber.wakesIn)}</td>
      <td class="number medium">{children === 0 ? "–" : count(children)}</td>
    </tr>
  )
}

interface MoreProps {
  readonly line: MoreLine
  readonly onOpen: (id: number, many: number) => void
}

/** The server gives at most 1000 at once. */
const mostChildren = 1000

export function More({ line: { parent, depth, shown, left }, onOpen }: MoreProps) {
  const next = Math.min(pageSize, left, mostChildren - shown)
  return (
    <tr>
      <td />
      <td colSpan={6}>
        <div style={{ paddingInlineStart: `${Math.min(depth, 12) * 16}px` }}>
          {next > 0 ? (
            <button type="button" class="link more" onClick={() => onOpen(parent.id, shown + next)}>
              {count(next)} more of {count(left)}
            </button>
          ) : (
            <span class="note">and {count(left)} more: search for them</span>
          )}
        </div>
      </td>
    </tr>
  )
}
