/// Some of a model's layers: ranges of numbers from 0, where negative ones count from the end.
///
///     LayerSelection(parsing: "0-9,-2--1")   // the first ten and the last two
public struct LayerSelection: Hashable, Sendable, CustomStringConvertible {
  /// The ranges as text.
  public let description: String
  private let bounds: [Bounds]

  private struct Bounds: Hashable {
    var first: Int
    var last: Int
  }

  /// Reads ranges with commas between; nil for a text that is none.
  public init?(parsing text: String) {
    var bounds: [Bounds] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      // The dash between two numbers is the first one behind a digit.
      let digits = part.firstIndex { $0.isNumber } ?? part.endIndex
      let dash = part[digits...].firstIndex(of: "-")
      guard let first = Self.number(part[..<(dash ?? part.endIndex)]),
        let last = dash.map({ Self.number(part[part.index(after: $0)...]) }) ?? first
      else { return nil }
      bounds.append(Bounds(first: first, last: last))
    }
    self.bounds = bounds
    description = text
  }

  /// A number of at most nine digits, perhaps with a dash before it.
  private static func number(_ text: Substring) -> Int? {
    let digits = text.hasPrefix("-") ? text.dropFirst() : text
    guard (1...9).contains(digits.utf8.count), digits.allSatisfy({ $0.isASCII && $0.isNumber })
    else { return nil }
    return Int(text)
  }

  /// The layers of a model with so many.
  ///
  /// - Throws: ``ParameterSelectionError/noSuchLayers(_:layerCount:)`` for ranges that leave the model, or
  ///   run backwards.
  func layers(of layerCount: Int) throws(ParameterSelectionError) -> Set<Int> {
    var layers: Set<Int> = []
    for range in bounds {
      let first = range.first < 0 ? layerCount + range.first : range.first
      let last = range.last < 0 ? layerCount + range.last : range.last
      guard first >= 0, first <= last, last < layerCount else {
        throw .noSuchLayers(description, layerCount: layerCount)
      }
      layers.formUnion(first...last)
    }
    return layers
  }

  /// The layer that a tensor belongs to: the first part of its name that is a number; nil outside of
  /// layers.
  static func layer(ofTensor name: String) -> Int? {
    for part in name.split(separator: ".") {
      if let number = number(part), number >= 0 { return number }
    }
    return nil
  }
}
