package bench;

public class Cats extends Workloads {
  public Cats() {
    super(new CatsEffect());
  }
}
