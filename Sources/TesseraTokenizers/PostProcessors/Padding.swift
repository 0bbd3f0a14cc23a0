/// How short texts are filled up: what the member `padding` of a tokenizer.json says.
public struct Padding: Hashable, Sendable {
  /// Up to which length.
  public enum Strategy: Hashable, Sendable {
    /// That of the longest text of those that are encoded together.
    case longest
    /// A given number of tokens.
    case fixed(Int)
  }

  /// Up to which length.
  public var strategy: Strategy
  /// At which end.
  public var direction: Truncation.Direction
  /// The length is rounded up to a multiple of this.
  public var multiple: Int?
  /// The token that fills up.
  public var id: TokenID
  /// Its type.
  public var typeID: UInt32
  /// How it is spelled; carried over.
  public var token: String

  /// The defaults are those of tokenizers.
  public init(
    strategy: Strategy = .longest, direction: Truncation.Direction = .right, multiple: Int? = nil,
    id: TokenID = 0, typeID: UInt32 = 0, token: String = "[PAD]"
  ) {
    self.strategy = strategy
    self.direction = direction
    self.multiple = multiple
    self.id = id
    self.typeID = typeID
    self.token = token
  }

  /// The largest length that a file may ask for.
  static let lengthLimit = 1 << 22
  /// The most tokens of all texts together.
  static let totalLimit = 1 << 28

  /// Fills up texts that are encoded together.
  func apply(to encodings: inout [Encoding]) throws(TokenizerError) {
    var length =
      switch strategy {
      case .longest: encodings.reduce(0) { max($0, $1.count) }
      case .fixed(let length): length
      }
    if let multiple, multiple > 0, length % multiple != 0 { length += multiple - length % multiple }
    let count = encodings.reduce(0) { $0 + 1 + $1.overflowing.count }
    guard length == 0 || count <= Self.totalLimit / length else {
      throw .tooMany(of: "tokens once texts are padded", limit: Self.totalLimit)
    }
    for index in encodings.indices { fillUp(&encodings[index], to: length) }
  }

  private func fillUp(_ encoding: inout Encoding, to length: Int) {
    for index in encoding.overflowing.indices { fillUp(&encoding.overflowing[index], to: length) }
    guard encoding.count < length else { return }
    var padding = Encoding()
    for _ in encoding.count..<length {
      padding.append(
        id, typeID: typeID, offsets: 0..<0, sequenceIndex: nil, isSpecial: true, isAttended: false)
    }
    let overflowing = encoding.overflowing
    encoding.overflowing = []
    switch direction {
    case .right: encoding.append(padding)
    case .left:
      padding.append(encoding)
      encoding = padding
    }
    encoding.overflowing = overflowing
  }
}
