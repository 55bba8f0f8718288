/**
 * What the interpreter can do, as small integers: the tag of every Task. A Task is one shape whatever it does (a tag and
 * two fields), so that the loop's reads hit one hidden class. What the fields `a` and `b` hold:
 *
 *     tag            a                       b
 *     Pure           the value
 *     Fail           the error
 *     Sync           () => value
 *     Defer          () => Task
 *     Map            source                  (value) => value
 *     FlatMap        source                  (value) => Task
 *     Catch          source                  (error) => Task
 *     Attempt        source
 *     Finally        source                  Task | (exit) => Task | void
 *     Sleep          milliseconds            false: does not keep the process alive
 *     Async          register
 *     Promise        (signal) => Promise
 *     Gen            () => Generator
 *     Start          program                 { name, detached }
 *     Join           the fiber to wait for
 *     Self, Yield, Never
 *
 * A node that has a source is its own continuation frame: descending into the source pushes the node, and the value that
 * comes back meets its function. The last three tags are the interpreter's own: the outcome of a cancelled fiber, and two
 * frames that are not nodes of a program.
 *
 *     Stop
 *     Stepping       the generator                                    waits for what the generator yielded
 *     Restore        mode of the outcome     value or reason          waits for a cleanup, then goes on with the outcome
 */
export const Op = {
  Pure: 0,
  Sync: 1,
  Map: 2,
  FlatMap: 3,
  Defer: 4,
  Catch: 5,
  Attempt: 6,
  Finally: 7,
  Gen: 8,
  Fail: 9,
  Sleep: 10,
  Async: 11,
  Promise: 12,
  Start: 13,
  Join: 14,
  Self: 15,
  Yield: 16,
  Never: 17,
  Stop: 18,
  Stepping: 19,
  Restore: 20,
} as const

export type Op = (typeof Op)[keyof typeof Op]
