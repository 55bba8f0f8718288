import type { Failure, Overview } from "../src/monitor/view.ts"
import { timeOfDay } from "./format.ts"

/** The last failures, the newest first. */
export function Failures({ overview }: { readonly overview: Overview }) {
  return (
    <section class="card" aria-labelledby="failures">
      <h2 id="failures">Recent failures</h2>
      {overview.failures.length === 0 ? (
        <p class="empty">None so far.</p>
      ) : (
        <ul class="failures">
          {keyed(overview.failures).map(({ key, failure: { time, fiber, error } }) => (
            <li key={key}>
              <details>
                <summary>
                  <time dateTime={new Date(time).toISOString()}>{timeOfDay(time)}</time> <b>{fiber}</b>{" "}
                  <span class="first-line">{error.split("\n", 1)[0]}</span>
                </summary>
                <pre tabIndex={0}>{error}</pre>
              </details>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

/** The same key for the same failure, though new ones come before it: what is open stays open. */
function keyed(failures: readonly Failure[]): { readonly key: string; readonly failure: Failure }[] {
  const seen = new Map<string, number>()
  return failures
    .toReversed()
    .map((failure) => {
      const name = `${failure.time} ${failure.fiber} ${failure.error}`
      const nth = (seen.get(name) ?? 0) + 1
      seen.set(name, nth)
      return { key: `${nth} ${name}`, failure }
    })
    .toReversed()
}
