import type { FiberGroup, Overview } from "../src/monitor/view.ts"
import { count } from "./format.ts"
import { StateMark } from "./state-mark.tsx"

interface GroupsProps {
  readonly overview: Overview
  readonly onChoose: (group: FiberGroup) => void
}

/** Fibers that look the same, the many first. */
export function Groups({ overview, onChoose }: GroupsProps) {
  const { groups, partial } = overview
  return (
    <section class="card" aria-labelledby="groups">
      <h2 id="groups">Groups {partial && <small>of a part of the fibers</small>}</h2>
      {groups.length === 0 ? (
        <p class="empty">No fibers.</p>
      ) : (
        <div class="scrolled">
          <table>
            <thead>
              <tr>
                <th scope="col" class="number">
                  Fibers
                </th>
                <th scope="col">Name</th>
                <th scope="col">State</th>
                <th scope="col" class="medium">
                  Waits for
                </th>
              </tr>
            </thead>
            <tbody>
              {groups.map((group) => (
                <tr key={`${group.name} ${group.state} ${group.waitsFor}`}>
                  <td class="number">{count(group.count)} ×</td>
                  <td>
                    {group.listed ? (
                      <button type="button" class="link" title="Show them in the list" onClick={() => onChoose(group)}>
                        {group.name}
                      </button>
                    ) : (
                      group.name
                    )}
                  </td>
                  <td>
                    <StateMark state={group.state} />
                  </td>
                  <td class="medium">{group.waitsFor ?? "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
