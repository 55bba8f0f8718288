package bench;

import java.util.function.LongConsumer;

/**
 * What each library must do; written as its own benchmarks write such work. A method gives back what {@link Workloads}
 * can verify. One JVM holds one library only, so that no call through this interface has more than one target.
 */
public interface Library {
  /** So many flatMaps, each nested to the left of the next, built and run; the value counts them. */
  int overhead(int count);

  /** Starts so many fibers: the square root of its number, rounded, is handed to {@code down}. */
  void manyTasks(int count, LongConsumer down);

  /** Starts a fiber that sleeps and then calls {@code woke}. Nobody holds the fiber. */
  void sleeper(long ms, Runnable woke);

  /** In one fiber: starts a child with the value i, and joins it; the sum. */
  long forkJoin(int count);

  /** In one fiber: races the value i and what never ends; the sum. */
  long race(int count, boolean neverFirst);

  /** In one fiber: a time-out of one second around the value i, or around a call by {@code calls} if it is not null; the sum. */
  long timeout(int count, Calls calls);

  /** Whether a time-out of one millisecond ends what never ends: one that never comes would be the fastest of all. */
  boolean timesOut();

  /** Starts so many sleepers of one minute, holds them, cancels all, waits for all; how many ended as cancelled. */
  int cancel(int count);

  /** Calls for the items 0, 1, 2 …, so many at once; what came of them, in order. */
  int[] all(int count, int atOnce, Calls calls);

  /** In one fiber: one call after the other; the sum. */
  long callback(int count, Calls calls);

  /** A flatMap in tail position, so deep. */
  int deepTail(int depth);

  /** Recursion with work left at each level, so deep. */
  int deepNested(int depth);
}
