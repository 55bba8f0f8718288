/**
 * A checkout whose spans are printed as a tree: parents and children, a failure that was tried again, a slower carrier that
 * was cancelled, and a stream.
 *
 *     npm install @opentelemetry/api @opentelemetry/sdk-trace-base @opentelemetry/context-async-hooks
 *     npx tsx examples/opentelemetry.ts
 */
import { context, SpanStatusCode, trace } from "@opentelemetry/api"
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base"
import { Stream, Task } from "rapid-fiber"
import { activeSpan, withSpan } from "rapid-fiber/opentelemetry"

// --- the program: what it does, and which parts of it are spans ---

interface Item {
  readonly product: string
  readonly price: number
}

const cart: readonly Item[] = [
  { product: "keyboard", price: 89 },
  { product: "mouse", price: 39 },
]

const query = (table: string): Task<void> =>
  withSpan(`select ${table}`, Task.sleep(2), { attributes: { "db.system.name": "postgresql" } })

/** Two at once: siblings under the span around them, each with a query of its own. */
const reserve = ({ product }: Item): Task<void> => withSpan(`reserve ${product}`, query("stock"))

const quote = (carrier: string, ms: number): Task<string> => withSpan(`quote ${carrier}`, Task.sleep(ms).as(carrier))

/** The first try fails, as a payment provider does on some days. */
const charge = (total: number): Task<string, Error> => {
  let tries = 0
  return withSpan("charge", (span) => {
    span.setAttribute("payment.total", total)
    return Task.sleep(2).flatMap(() => (++tries === 1 ? Task.fail(new Error("terminal is busy")) : Task.pure("paid")))
  }).retry({ times: 3, spaced: 5 })
}

/** One span for all lines, however many there are. */
const invoice = withSpan(
  "invoice lines",
  Stream.from(cart).map(({ product, price }) => `${product} ${price}`),
)

const checkout = withSpan(
  "checkout",
  Task.gen(function* () {
    yield* Task.all(cart.map(reserve))
    const carrier = yield* Task.race([quote("DHL", 1000), quote("UPS", 5)])
    yield* charge(cart.reduce((sum, { price }) => sum + price, 0))
    const lines = yield* invoice.toArray()
    const span = yield* activeSpan()
    span?.setAttribute("shipping.carrier", carrier)
    return lines
  }),
)

// --- the spans, kept in memory and printed ---

const exporter = new InMemorySpanExporter()
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())

function treeOf(spans: readonly ReadableSpan[], parent?: ReadableSpan, indent = ""): string[] {
  const children = spans
    .filter((span) => span.parentSpanContext?.spanId === parent?.spanContext().spanId)
    .toSorted((a, b) => startOf(a) - startOf(b) || (a.name < b.name ? -1 : 1))
  return children.flatMap((span, index) => {
    const last = index === children.length - 1
    const [branch, below] = parent === undefined ? ["", ""] : last ? ["└─ ", "   "] : ["├─ ", "│  "]
    return [`${indent}${branch}${lineOf(span)}`, ...treeOf(spans, span, indent + below)]
  })
}

const startOf = ({ startTime: [seconds, nanoseconds] }: ReadableSpan): number => seconds * 1000 + nanoseconds / 1e6

function lineOf({ name, status, attributes }: ReadableSpan): string {
  const notes = Object.entries(attributes).map(([key, value]) => `${key}=${String(value)}`)
  if (status.code === SpanStatusCode.ERROR) notes.unshift(`ERROR ${status.message}`)
  return [name, ...notes].join("  ")
}

const lines = await checkout
console.log(lines.join("\n"))
console.log()
console.log(treeOf(exporter.getFinishedSpans()).join("\n"))
