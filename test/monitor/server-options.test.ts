import { describe, expect, it } from "vitest"
import { expecting, isHostName, isLoopback, nameIn } from "../../src/monitor/server/names.ts"
import { serve } from "../../src/monitor/server/index.ts"
import type { ListenOptions } from "../../src/monitor/server/index.ts"
import { FakeProbe } from "./fake-probe.ts"

const token = "0123456789abcdef"
const listen = (options: unknown) => () => serve(new FakeProbe(), options as ListenOptions)

describe("monitor.listen refuses at the call", () => {
  const wrong: ReadonlyArray<readonly [options: unknown, message: RegExp]> = [
    [{ port: -1 }, /Expected `port` of monitor.listen to be an integer from 0 to 65535, got -1/],
    [{ port: 65_536 }, /`port`/],
    [{ port: 1.5 }, /`port`/],
    [{ port: "80" }, /got "80"/],
    [{ host: "" }, /Expected `host`/],
    [{ host: "http://localhost" }, /Expected `host`/],
    [{ host: "127.0.0.1:80" }, /Expected `host`/],
    [{ host: 1 }, /Expected `host`/],
    [{ interval: 49 }, /Expected `interval` .* from 50 to 60000, in milliseconds, got 49/],
    [{ interval: 60_001 }, /`interval`/],
    [{ interval: Number.NaN }, /`interval`/],
    [{ actions: "yes" }, /Expected `actions` .* true or false, got "yes"/],
    [{ names: "monitor.example" }, /Expected `names`/],
    [{ names: ["monitor.example:80"] }, /Expected `names`/],
    [{ token: "short", host: "0.0.0.0" }, /Expected `token` .* at least 16 .* crypto.randomUUID/],
    [{ token: "with space with space" }, /without spaces/],
    [{ token: 1234567890123456 }, /Expected `token`/],
    [{ hots: "127.0.0.1" }, /among port, host, token, names, actions, interval, got `hots`/],
    [null, /to be an object, got null/],
    [8080, /to be an object, got 8080/],
  ]
  it.each(wrong)("%j", (options, message) => expect(listen(options)).toThrow(message))

  it.each(["0.0.0.0", "::", "192.168.1.7", "build-7.example", "2001:db8::1", "1270.0.0.1", "127.example"])(
    "a host that others reach, %s, without a token, and says what to do",
    (host) => {
      expect(listen({ host })).toThrow(/Expected a `token` with the host .* others can reach, got none.*SSH tunnel/)
      expect(listen({ host, token })).not.toThrow()
    },
  )

  it("a token without showing it", () => {
    expect(listen({ token: "secret secret secret" })).not.toThrow(/secret/)
    expect(listen({ token: "secret secret secret" })).toThrow(RangeError)
  })

  it.each(["127.0.0.1", "127.8.9.10", "localhost", "::1", "LOCALHOST"])("not a loopback host, %s", (host) => {
    expect(listen({ host })).not.toThrow()
  })
})

describe("a Host header", () => {
  it.each([
    ["localhost:4000", "localhost"],
    ["LocalHost", "localhost"],
    ["[::1]:80", "::1"],
    ["127.0.0.1:1", "127.0.0.1"],
  ])("%s names %s", (header, name) => expect(nameIn(header)).toBe(name))

  it.each([
    "",
    ":80",
    "a b",
    "a/b",
    "::1",
    "[::1",
    "a:123456",
    "evil.example#localhost",
    "localhost:80:80",
    "user@localhost",
  ])("%j names nobody", (header) => expect(nameIn(header)).toBeUndefined())

  it("must be local where the server is, and otherwise an address or a name that was given", () => {
    const local = expecting("127.0.0.1", ["monitor.example"])
    expect(["localhost", "::1", "127.0.0.1", "monitor.example"].every(local)).toBe(true)
    expect(["evil.example", "192.168.1.7", "localhost.evil.example", "xmonitor.example"].some(local)).toBe(false)
    const open = expecting("0.0.0.0", [])
    expect(["192.168.1.7", "2001:db8::1", "localhost"].every(open)).toBe(true)
    expect(["evil.example", "192.168.1.7.evil.example"].some(open)).toBe(false)
  })

  it("is told from an address with a port by what is a host name", () => {
    expect(["a", "a.b-c", "::1", "10.0.0.1"].every(isHostName)).toBe(true)
    expect(["", "-a", "a:1", "[::1]", "a..", 5, undefined].some(isHostName)).toBe(false)
    expect(isLoopback("127.0.0.1.evil.example")).toBe(false)
  })
})
