/**
 * Loaded before an example: says at the end how many requests its servers have had, and to how many they have handed the whole
 * answer over. Node tells, so the example cannot be wrong about itself.
 */
import { subscribe } from "node:diagnostics_channel"

let [requests, answers] = [0, 0]
subscribe("http.server.request.start", () => void requests++)
subscribe("http.server.response.finish", () => void answers++)
process.on("exit", () => process.stderr.write(`counted ${requests} requests, ${answers} answers\n`))
