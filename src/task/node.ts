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
 *     Start          program                 StartSpec
 *     Join           the fiber to wait for   true: for its end only, whatever that is
 *     Self, Yield, Never
 *     Group          () => Crew
 *     Mask           (restore) => Task
 *     Access         (fiber, b) => Task      what else it is to be told
 *     Leave          source                  (fiber, source, mode) => void, called at any outcome of the source
 *     Park           no Task, but a Waiter (fiber/waiter.ts), in place of one: what Access continues as in order to wait
 *
 * A node that has a source is its own continuation frame: descending into the source pushes the node, and the value that
 * comes back meets its function. Of a Map the function alone is pushed (fiber/stack.ts). The last three tags are the
 * interpreter's own: the outcome of a cancelled fiber, and two frames that are not nodes of a program.
 *
 *     Stop           a cleanup, or nothing
 *     Stepping       the generator                                    waits for what the generator yielded
 *     Restore        mode of the outcome     value or reason          waits for a cleanup, then goes on with the outcome
 */
// Constants rather than an object: a bundler inlines them, and a switch over literals is a jump table.
export const Pure = 0
export const Sync = 1
export const Map = 2
export const FlatMap = 3
export const Defer = 4
export const Catch = 5
export const Attempt = 6
export const Finally = 7
export const Gen = 8
export const Fail = 9
export const Sleep = 10
export const Async = 11
export const Promise = 12
export const Start = 13
export const Join = 14
export const Self = 15
export const Yield = 16
export const Never = 17
export const Group = 18
export const Mask = 19
export const Access = 20
export const Leave = 21
export const Park = 22
export const Stop = 23
export const Stepping = 24
export const Restore = 25
