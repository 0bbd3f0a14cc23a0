import ArgumentParser
import TesseraTensors

/// `bench CASE ...`: does one piece of work once, and prints what it did and needed as JSON.
///
/// `compare.py` calls it in turns with the peers, whose scripts print the same keys.
@main
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure one operation of Tessera.",
    subcommands: [
      EncodeCase.self, LoadCase.self, TrainCase.self, SplitCase.self, HostileCase.self,
      StepCase.self, GenerateCase.self, RowsCase.self, ProductCase.self, Describe.self,
    ])

  static func main() {
    restartForMatrixProducts()
    main(nil)
  }
}

/// A result that is not what it has to be.
struct WrongResult: Error, CustomStringConvertible {
  /// What was wrong.
  let description: String
}
