/**
 * Imports a file of JSON lines, of 1 GB, which it makes first. Rows are parsed, brought together in batches, and inserted, 32
 * batches at a time, into a database that takes a while for each. Memory stays flat, however large the file is: nothing is
 * read that cannot be inserted yet.
 *
 *     npx tsx examples/import-ndjson.ts        1 GB
 *     npx tsx examples/import-ndjson.ts 8      8 MB
 *
 * Ctrl-C cancels it: what runs is stopped, and the file is removed.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Stream, Task } from "rapid-fiber"
import { parseNdjson, readFile, writeFile } from "rapid-fiber/node"

interface Order {
  readonly id: number
  readonly customer: string
  readonly items: readonly { readonly product: string; readonly price: number }[]
}

const megabyte = 1_000_000
const format = (n: number): string => n.toLocaleString("en-US", { maximumFractionDigits: 0 })

/** Lines until there are enough bytes of them. */
function generate(path: string, size: number): Task<number> {
  const lines = Stream.defer(() => {
    let written = 0
    return Stream.range(0)
      .map((id) => `${JSON.stringify(orderOf(id))}\n`)
      .takeWhile((line) => (written += line.length) <= size)
      .tap((line) => void (progress.done += line.length))
  })
  return writeFile(lines, path)
}

function orderOf(id: number): Order {
  const items = Array.from({ length: 1 + (id % 5) }, (_, i) => ({
    product: `product ${(id * 7 + i) % 997}`,
    price: 100 + i,
  }))
  return { id, customer: `customer ${id % 10_007}`, items }
}

/** A database: how many rows it has, and how many batches it has worked on at the same time. */
const database = { rows: 0, revenue: 0, running: 0, most: 0 }

function insert(orders: readonly Order[]): Task<void> {
  return Task.bracket(
    Task.sync(() => (database.most = Math.max(database.most, ++database.running))),
    () =>
      Task.sleep(10).map(() => {
        database.rows += orders.length
        for (const { items } of orders) for (const { price } of items) database.revenue += price
      }),
    () => void database.running--,
  )
}

function importOrders(path: string): Task<void, Error> {
  const bytes = readFile(path).tap((chunk) => void (progress.done += chunk.length))
  return parseNdjson<Order>(bytes.decode().lines(), { file: path })
    .chunk(200)
    .mapTask(insert, { concurrency: 32, ordered: false })
    .drain()
}

/** What a terminal shows: written over ten times a second, by a fiber that ends with the work. */
const progress = { done: 0 }

function withProgress<A, E>(title: string, size: number, task: Task<A, E>): Task<A, E> {
  if (!process.stderr.isTTY) return task
  const draw = Stream.schedule({ every: 100 }).forEach(() => {
    const part = Math.min(progress.done / size, 1)
    const bar = "█".repeat(part * 30).padEnd(30, "░")
    const figures = `${format(progress.done / megabyte)} MB  RSS ${format(process.memoryUsage.rss() / megabyte)} MB`
    process.stderr.write(`\r\u001B[2K${title} ${bar} ${figures}`)
  })
  return Task.scoped((scope) =>
    Task.sync(() => (progress.done = 0))
      .andThen(scope.start(draw))
      .andThen(task)
      .finally(() => void process.stderr.write("\r\u001B[2K")),
  )
}

function main(size: number): Task<string, Error> {
  return Task.bracket(
    Task.promise(() => mkdtemp(join(tmpdir(), "import-ndjson-"))),
    (folder) =>
      Task.gen(function* () {
        const path = join(folder, "orders.ndjson")
        const [bytes, writing] = yield* withProgress("generating", size, generate(path, size)).elapsed()
        const [, reading] = yield* withProgress("importing ", size, importOrders(path)).elapsed()
        return [
          `wrote     ${rate(bytes, writing)}`,
          `imported  ${rate(bytes, reading)}`,
          `          ${format(database.rows)} rows, revenue ${format(database.revenue)}, ${database.most} batches at once`,
          `peak RSS  ${format((process.resourceUsage().maxRSS * 1024) / megabyte)} MB`,
        ].join("\n")
      }),
    (folder) => Task.promise(() => rm(folder, { recursive: true })),
  )
}

function rate(bytes: number, ms: number): string {
  return `${format(bytes / megabyte)} MB in ${(ms / 1000).toFixed(1)} s, ${format(bytes / megabyte / (ms / 1000))} MB/s`
}

function sizeOf(text: string): number {
  const size = Number(text)
  if (size > 0 && size < Infinity) return size * megabyte
  throw new RangeError(`Expected the size to be a number of megabytes > 0, got ${JSON.stringify(text)}.`)
}

const fiber = main(sizeOf(process.argv[2] ?? "1000")).run()
process.once("SIGINT", () => fiber.abort())
fiber.onExit((exit) => {
  if (exit.status === "fulfilled") return console.log(exit.value)
  console.error(exit.status === "cancelled" ? "cancelled" : exit.reason)
  process.exitCode = exit.status === "cancelled" ? 130 : 1
})
