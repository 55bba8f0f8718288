export { listenOf, listenOptions, type ListenOptions } from "./options.ts"
export { type LivePage, serve } from "./serve.ts"
