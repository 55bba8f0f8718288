import type { SleepsOptions } from "./arguments.ts"
import type { Plan } from "./plan.ts"
import type { Lateness, Tally } from "./tally.ts"

/** What a run of `rapid-fiber sleeps` came to. Times in milliseconds, memory in bytes. */
export interface Report {
  readonly count: number
  readonly distribution: string
  readonly interrupted: boolean
  readonly started: number
  readonly woken: number
  readonly lost: number
  readonly early: number
  readonly surplus: number
  readonly wall: number
  readonly longest: number
  readonly ratio: number
  readonly peakRss: number
  readonly bytesPerSleeper: number
  readonly lateness: Lateness
  readonly ok: boolean
}

export interface Measured {
  readonly wall: number
  readonly rssBefore: number
  readonly peakRss: number
  readonly interrupted: boolean
}

export function reportOf(options: SleepsOptions, plan: Plan, tally: Tally, measured: Measured): Report {
  const lost = tally.started - tally.woken
  return {
    count: options.count,
    distribution: options.uniform ? `uniform 0..${options.max * 1000} ms` : `whole seconds 0..${options.max}`,
    interrupted: measured.interrupted,
    started: tally.started,
    woken: tally.woken,
    lost: measured.interrupted ? 0 : lost,
    early: tally.early,
    surplus: tally.surplus,
    wall: measured.wall,
    longest: plan.longest,
    ratio: plan.longest === 0 ? 1 : measured.wall / plan.longest,
    peakRss: measured.peakRss,
    bytesPerSleeper: (measured.peakRss - measured.rssBefore) / Math.max(tally.started, 1),
    lateness: tally.lateness,
    ok: tally.early === 0 && tally.surplus === 0 && (measured.interrupted || tally.woken === options.count),
  }
}

export function describeReport(report: Report): string {
  const number = new Intl.NumberFormat("en-US")
  const { p50, p99, max } = report.lateness
  return [
    report.interrupted
      ? `Interrupted after ${seconds(report.wall)}.`
      : `${number.format(report.woken)} sleeps, one thread.`,
    `  wall              ${seconds(report.wall)} (longest sleep ${seconds(report.longest)}, ratio ${report.ratio.toFixed(3)})`,
    `  woken             ${number.format(report.woken)} of ${number.format(report.started)} started`,
    `  lost              ${number.format(report.lost)}`,
    `  woken twice       ${number.format(report.surplus)}`,
    `  early             ${number.format(report.early)}`,
    `  lateness          p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`,
    `  peak RSS          ${mebibytes(report.peakRss)}`,
    `  bytes per sleeper ${report.bytesPerSleeper.toFixed(1)} (the check's own 4 included)`,
    report.ok ? "OK" : "FAILED",
  ].join("\n")
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`
}
