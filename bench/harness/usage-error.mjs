// @ts-check

/** What was asked for cannot be done. */
export class UsageError extends Error {}
