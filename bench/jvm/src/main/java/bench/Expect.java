package bench;

/** A wrong result is a failure, not a time. */
final class Expect {
  private Expect() {}

  static void equal(long actual, long expected, String what) {
    that(actual == expected, what + " to be " + expected + ", got " + actual);
  }

  static void that(boolean holds, String what) {
    if (!holds) throw new IllegalStateException("Expected " + what);
  }
}
