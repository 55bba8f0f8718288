package bench;

public class Zio extends Workloads {
  public Zio() {
    super(new ZioLibrary());
  }
}
