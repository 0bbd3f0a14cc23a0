/// The share of the second model in each tensor of an interpolation.
///
///     LayerShares(0.3)                              // the same for all tensors
///     try LayerShares(parsing: "0:0.3,1:0.5,-2:0.5,-1:0.3")
///
/// A list of layers has shares of single layers (`0:0.3`), of several (`2-5:0.5`) and of all others (`*:0`).
/// Negative numbers count from the end: -1 is the last layer. Layers that are not listed have the share 1, so
/// they are those of the second model; tensors outside of layers have the share ``elsewhere``.
public struct LayerShares: Hashable, Sendable {
  /// Some layers and their share.
  struct Entry: Hashable {
    let first: Int
    let last: Int
    let share: Double
  }

  /// Shares of layers.
  private struct List: Hashable {
    var entries: [Entry]
    /// The share of all layers that no entry names.
    var otherLayers = 1.0
  }

  /// What ElChat does: the two outer layers at each end are mixed, and all others are those of the source
  /// model.
  ///
  /// Yamaguchi et al., "ElChat: Adapting Chat Language Models Using Only Target Unlabeled Language Data", 2024,
  /// arXiv:2412.11704.
  public static let elChat = LayerShares(
    List(entries: [
      Entry(first: 0, last: 0, share: 0.3), Entry(first: 1, last: 1, share: 0.5),
      Entry(first: -2, last: -2, share: 0.5), Entry(first: -1, last: -1, share: 0.3),
    ]))

  /// The share of tensors that are in no layer, such as embedding and head.
  public var elsewhere: Double
  /// Nil where all layers have the share ``elsewhere``.
  private let listed: List?

  /// The same share for all tensors, from 0 to 1.
  public init(_ share: Double) {
    precondition((0...1).contains(share), "a share is from 0 to 1")
    elsewhere = share
    listed = nil
  }

  private init(_ list: List) {
    elsewhere = 0
    listed = list
  }

  /// Reads a list of layers and shares, or the name `elchat`.
  ///
  /// - Throws: ``MergeError/malformedLayers(_:)`` with the first part that is none, and
  ///   ``MergeError/layerGivenTwice(_:first:second:)``.
  public init(parsing text: String) throws(MergeError) {
    if text == "elchat" {
      self = .elChat
      return
    }
    var entries: [Entry] = []
    var otherLayers: Double?
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let fields = part.split(separator: ":", omittingEmptySubsequences: false)
      guard fields.count == 2, let share = Double(fields[1]), (0...1).contains(share) else {
        throw .malformedLayers(String(part))
      }
      if fields[0] == "*", otherLayers == nil {
        otherLayers = share
      } else if let range = Self.range(fields[0]) {
        entries.append(Entry(first: range.first, last: range.last, share: share))
      } else {
        throw .malformedLayers(String(part))
      }
    }
    self.init(List(entries: entries, otherLayers: otherLayers ?? 1))
  }

  /// `3`, `-1`, `2-5`, `-4--2`.
  private static func range(_ text: Substring) -> (first: Int, last: Int)? {
    // A dash behind a digit is one between two numbers.
    let dash = text.indices.dropFirst().first { text[$0] == "-" }
    guard let dash else { return Int(text).map { ($0, $0) } }
    guard let first = Int(text[..<dash]), let last = Int(text[text.index(after: dash)...]) else {
      return nil
    }
    return (first, last)
  }

  /// Whether layers have shares of their own.
  var hasLayers: Bool { listed != nil }

  /// The share of each layer of a model.
  ///
  /// - Throws: ``MergeError/noSuchLayer(_:layerCount:)``,
  ///   ``MergeError/layerGivenTwice(_:first:second:)``.
  func shares(layerCount: Int) throws(MergeError) -> [Double] {
    guard let listed else { return [Double](repeating: elsewhere, count: layerCount) }
    var shares = [Double?](repeating: nil, count: layerCount)
    for entry in listed.entries {
      let (first, last) = try (
        Self.layer(entry.first, of: layerCount), Self.layer(entry.last, of: layerCount)
      )
      guard first <= last else {
        throw .malformedLayers("\(entry.first)-\(entry.last):\(entry.share)")
      }
      for layer in first...last {
        if let share = shares[layer], share != entry.share {
          throw .layerGivenTwice(layer, first: share, second: entry.share)
        }
        shares[layer] = entry.share
      }
    }
    return shares.map { $0 ?? listed.otherLayers }
  }

  private static func layer(_ number: Int, of count: Int) throws(MergeError) -> Int {
    guard (-count..<count).contains(number) else {
      throw .noSuchLayer(number, layerCount: count)
    }
    return number < 0 ? number + count : number
  }
}
