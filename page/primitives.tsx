import type { Overview } from "../src/monitor/view.ts"
import { count } from "./format.ts"

/** What several fibers wait for, the longest lines first. */
export function Primitives({ overview }: { readonly overview: Overview }) {
  const { primitives, partial } = overview
  return (
    <section class="card" aria-labelledby="primitives">
      <h2 id="primitives">Waited for {partial && <small>by a part of the fibers</small>}</h2>
      {primitives.length === 0 ? (
        <p class="empty">No fiber waits for a primitive.</p>
      ) : (
        <div class="scrolled">
          <table>
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col" class="number">
                  Waiters
                </th>
              </tr>
            </thead>
            <tbody>
              {primitives.map(({ what, waiters }, index) => (
                <tr key={index}>
                  <td>{what}</td>
                  <td class="number">{count(waiters)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
