import type { Overview } from "../src/monitor/view.ts"
import { count, duration } from "./format.ts"

/** Sleepers by the time until they wake. */
export function Sleepers({ overview }: { readonly overview: Overview }) {
  const { sleepers } = overview
  const most = Math.max(1, ...sleepers.map(({ count: many }) => many))
  return (
    <section class="card" aria-labelledby="sleepers">
      <h2 id="sleepers">Sleepers by time to wake</h2>
      {sleepers.length === 0 ? (
        <p class="empty">Nobody sleeps.</p>
      ) : (
        <table class="bars">
          <caption class="hidden">How many sleepers wake within which time</caption>
          <thead class="hidden">
            <tr>
              <th scope="col">Wakes within</th>
              <th scope="col">Fibers</th>
            </tr>
          </thead>
          <tbody>
            {sleepers.map(({ upTo, count: many }) => (
              <tr key={upTo}>
                <th scope="row">{upTo === null ? "later" : `< ${duration(upTo)}`}</th>
                <td>
                  <span
                    class={many > 0 ? "bar some" : "bar"}
                    style={{ width: `${(many / most) * 100}%` }}
                    aria-hidden="true"
                  />
                  <span class="many">{count(many)}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
