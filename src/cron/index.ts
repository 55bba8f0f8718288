export { cron, type CronOptions } from "./cron.ts"
