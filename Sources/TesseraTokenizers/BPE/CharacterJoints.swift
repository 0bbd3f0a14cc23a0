/// Which pairs of characters may be side by side within a token of a vocabulary.
///
/// No merge crosses a place between two characters that no token has side by side, so text can be
/// cut there before it is merged: a text without spaces between words, such as SentencePiece makes,
/// falls into words all the same. The pairs are remembered by a hash in a table of bits; where two
/// share a bit a cut is missed, which costs time and changes nothing.
struct CharacterJoints: Sendable {
  private(set) var bits: [UInt64]
  private let tokens: TokenTable
  /// Whether characters that are no tokens are left out, so that others come together.
  private let dropsUnknown: Bool

  static let bitCount = 1 << 22

  /// - Parameters:
  ///   - model: A model over characters, without prefix, suffix and dropout.
  ///   - fallback: The tokens of bytes.
  /// - Returns: `nil` where merges join tokens of bytes or the unknown token, whose spelling is not
  ///   that of the text.
  init?(of model: BPEModel, fallback: Set<TokenID>) {
    var odd = fallback
    if let unknown = model.options.unknownToken, let id = model.tokens.id(of: Array(unknown.utf8)) {
      odd.insert(id)
    }
    guard !model.merges.contains(where: { odd.contains($0.left) || odd.contains($0.right) }) else {
      return nil
    }
    tokens = model.tokens
    dropsUnknown = Self.dropsUnknown(model, fallback)
    bits = [UInt64](repeating: 0, count: Self.bitCount / 64)
    for merge in model.merges {
      guard let left = tokens.bytes(of: merge.left), let right = tokens.bytes(of: merge.right),
        let result = tokens.bytes(of: merge.result), Array(left + right) == Array(result)
      else { return nil }
      var start = left.endIndex - 1
      while start > left.startIndex, left[start] & 0xC0 == 0x80 { start -= 1 }
      let first = UTF8Decoding.scalar(in: left.span, at: start - left.startIndex).code ?? 0
      let second = UTF8Decoding.scalar(in: right.span, at: 0).code ?? 0
      insert(first, second)
    }
    for (id, kind) in (model.pieces?.kinds ?? []).enumerated() where kind == .userDefined {
      guard let bytes = tokens.bytes(of: TokenID(id)) else { continue }
      var position = 0
      var last: UInt32?
      while position < bytes.count {
        let (code, size) = UTF8Decoding.scalar(in: bytes.span, at: position)
        if let last { insert(last, code ?? 0) }
        last = code ?? 0
        position += size
      }
    }
  }

  /// The joints that were found before.
  ///
  /// - Precondition: There are ``bitCount`` bits.
  init(_ bits: [UInt64], of model: BPEModel, fallback: Set<TokenID>) {
    self.bits = bits
    tokens = model.tokens
    dropsUnknown = Self.dropsUnknown(model, fallback)
  }

  private static func dropsUnknown(_ model: BPEModel, _ fallback: Set<TokenID>) -> Bool {
    model.options.unknownToken == nil && fallback.count < 256
  }

  private mutating func insert(_ first: UInt32, _ second: UInt32) {
    let bit = Self.bit(first, second)
    bits[bit >> 6] |= 1 << UInt64(bit & 63)
  }

  private static func bit(_ first: UInt32, _ second: UInt32) -> Int {
    let hash = (UInt64(first) << 21 ^ UInt64(second)) &* 0x9E37_79B9_7F4A_7C15
    return Int(hash >> 42)
  }

  /// Calls `body` with each place where a pre-token can be cut, in order.
  func forEachCut(in preToken: Span<UInt8>, _ body: (Int) -> Void) {
    var position = 0
    var last: (code: UInt32, start: Int)?
    while position < preToken.count {
      let (code, size) = UTF8Decoding.scalar(in: preToken, at: position)
      if let last, let code {
        let bit = Self.bit(last.code, code)
        if bits[bit >> 6] >> UInt64(bit & 63) & 1 == 0 {
          let isKnown = isToken(preToken, last.start..<position)
          let isNextKnown = isToken(preToken, position..<position + size)
          // Unknown characters may be fused with one another.
          if dropsUnknown ? isKnown && isNextKnown : isKnown || isNextKnown { body(position) }
        }
      }
      last = code.map { ($0, position) }
      position += size
    }
  }

  private func isToken(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    tokens.id(of: text.extracting(range)) != nil
  }
}
