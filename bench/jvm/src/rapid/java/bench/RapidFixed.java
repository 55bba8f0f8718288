package bench;

public class RapidFixed extends Workloads {
  public RapidFixed() {
    super(new Rapid(false));
  }
}
