import { connect } from "node:net"
import { serve } from "../../src/monitor/server/index.ts"
import { FakeProbe } from "./fake-probe.ts"
// Binds tasks to their runtime, as each entry of the package does.
import "../../src/runtime/index.ts"

/** A program that serves the page, is watched, and comes to its end: nothing of that must keep it alive. */
const page = await serve(new FakeProbe(), { interval: 50 })
// Deno keeps a process alive while a response is streamed.
if (!("Deno" in globalThis)) await watch()
console.log("done")

/** Until the first overview is there. */
async function watch(): Promise<void> {
  const socket = connect(page.port, "127.0.0.1")
  socket.write(`GET /events HTTP/1.1\r\nHost: 127.0.0.1:${page.port}\r\n\r\n`)
  let text = ""
  await new Promise<void>((resolve) => {
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part
      if (text.includes("event: overview")) resolve()
    })
  })
  // This end of the connection is the program's own, and would keep it alive; the other one is the page's.
  socket.unref()
}
