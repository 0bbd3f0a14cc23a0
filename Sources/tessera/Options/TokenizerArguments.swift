public import ArgumentParser
public import TesseraTokenizers

extension Normalization: ExpressibleByArgument {}
extension TieOrder: ExpressibleByArgument {}
extension ParityUnit: ExpressibleByArgument {}

extension PreTokenizerPattern {
  /// The names, for help and messages.
  static var names: String { named.map(\.rawValue).joined(separator: ", ") }

  /// The value of `--pattern`: a name, or a regular expression.
  static func parse(argument: String) throws -> PreTokenizerPattern {
    if let named = named.first(where: { $0.rawValue == argument }) { return named }
    if isWord(argument) {
      throw ValidationError("known are \(names), and regular expressions")
    }
    do {
      return try PreTokenizerPattern(huggingFaceExpression: argument)
    } catch {
      throw ValidationError("the expression cannot be used: \(error)")
    }
  }
}
