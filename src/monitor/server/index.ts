export { listenOf, type ListenOptions } from "./options.ts"
export { type LivePage, serve } from "./serve.ts"
