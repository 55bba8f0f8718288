import type { Context, MiddlewareHandler } from "hono"
import { type Admission, admissionBy } from "./admission.ts"
import { expecting, nameIn } from "./names.ts"
import type { Listen } from "./options.ts"

/** No inline scripts and styles, no other origins, no frames, nothing kept. Text of the program could not do harm as HTML. */
const safety: ReadonlyArray<readonly [name: string, value: string]> = [
  [
    "content-security-policy",
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  ["referrer-policy", "no-referrer"],
  ["cross-origin-resource-policy", "same-origin"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cache-control", "no-store"],
]

/** The largest body that is read to its end. Nothing here needs one. */
const largestBody = 1024

/** What each request must pass before it is answered. */
export function guards({ host, names, token }: Listen): MiddlewareHandler[] {
  const expects = expecting(host, names)
  const admission = token === undefined ? undefined : admissionBy(token)
  return [
    async (c, next) => {
      await next()
      for (const [name, value] of safety) c.res.headers.set(name, value)
    },
    async (c, next) => refusalOf(c, expects) ?? (await oversized(c)) ?? next(),
    async (c, next) => (admission === undefined ? undefined : await unadmitted(c, admission)) ?? next(),
  ]
}

export function wrongMethod(c: Context): Response {
  const allowed = c.req.path.endsWith("/cancel") ? "POST" : "GET, HEAD"
  return c.text(`Expected the method ${allowed}, got ${c.req.method}.`, 405, { allow: allowed })
}

/** Why a request is refused, whoever sent it. */
function refusalOf(c: Context, expects: (name: string) => boolean): Response | undefined {
  if (!["GET", "HEAD", "POST"].includes(c.req.method)) return wrongMethod(c)
  const host = hostOf(c)
  const name = nameIn(host)
  if (name === undefined || !expects(name)) {
    return c.text(
      `Expected a host name of this server, got ${JSON.stringify(host.slice(0, 80))}. ` +
        "Open it by its address, or give the name: monitor.listen({ names: [...] }).",
      421,
    )
  }
  const origin = c.req.header("origin")
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return c.text("Expected a request of this page, got one of another origin.", 403)
  }
  // Browsers say it to addresses that they trust, and send no Origin with images and scripts.
  const site = c.req.header("sec-fetch-site")
  const visits = c.req.method === "GET" && c.req.path === "/" && c.req.header("sec-fetch-mode") === "navigate"
  if ((site === "cross-site" || site === "same-site") && !visits) {
    return c.text("Expected a request of this page, got one of another site.", 403)
  }
  return undefined
}

/** Counted where the length is not told; what is above is not read. */
async function oversized(c: Context): Promise<Response | undefined> {
  const refuse = (): Response => c.text(`Expected a body of at most ${largestBody} bytes, got more.`, 413)
  if (Number(c.req.header("content-length") ?? 0) > largestBody) return refuse()
  if (c.req.method !== "POST") return undefined
  const reader = c.req.raw.body?.getReader()
  if (reader === undefined) return undefined
  for (let bytes = 0; ;) {
    const { done, value } = await reader.read()
    if (done) return undefined
    bytes += value.byteLength
    if (bytes > largestBody) return refuse()
  }
}

/** What a visitor without the token gets; undefined for one who has it. */
async function unadmitted(c: Context, admission: Admission): Promise<Response | undefined> {
  const brought = c.req.path === "/" ? c.req.query("token") : undefined
  if (brought !== undefined && (await admission.knows(brought))) {
    return c.body(null, 303, { location: "/", "set-cookie": await admission.cookie(hostOf(c)) })
  }
  if (brought === undefined && (await admission.admits(c.req.raw.headers, hostOf(c)))) return undefined
  return c.text(
    "This page asks for its token. Open it once as /?token=…, or send `Authorization: Bearer …`. " +
      "If a link on another site has led you here with the right one, open this address once more.",
    401,
    { "www-authenticate": "Bearer" },
  )
}

/** As the client has it, with the port. HTTP/2 has it in the address alone. */
function hostOf(c: Context): string {
  return c.req.header("host") ?? new URL(c.req.url).host
}
