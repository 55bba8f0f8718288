package bench;

public class RapidVirtual extends Workloads {
  public RapidVirtual() {
    super(new Rapid(true));
  }
}
