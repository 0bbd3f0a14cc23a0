internal import TesseraBasics

// What tokens are merged out of where they have a prefix or a suffix.
//
// `##bc` is the text "bc" that goes on a pre-token, and `bc</w>` is "bc" at the end of one. The token's
// spelling says where its text stands, and what is merged there does not depend on what is around it.
// A text may also have the characters of the prefix or the suffix itself: then both ways count.

extension BPEModel {
  /// The tokens that each token is merged out of, where tokens have a prefix or a suffix.
  ///
  /// - Complexity: O(*b* log *l*) time for *b* bytes in all and *l* in the longest token.
  func partsWithAffixes() -> [TokenID: [TokenID]] {
    var encoder = PlainEncoder(compiledForMerging())
    var parts: [TokenID: [TokenID]] = [:]
    for id in 0..<TokenID(tokens.idBound) {
      guard let spelling = tokens.bytes(of: id) else { continue }
      for place in places(of: Array(spelling)) {
        let composition = encoder.composition(
          of: id, place.text.span, starts: place.starts, ends: place.ends)
        if case .merge(let left, let right) = composition {
          parts[id, default: []] += [left, right]
        }
      }
    }
    if options.fallsBackToBytes {
      // The bytes of a character that the vocabulary lacks are merged as well, and a spelling does not
      // say of which.
      let found = Set(parts.keys)
      for merge in merges where !found.contains(merge.result) {
        parts[merge.result, default: []] += [merge.left, merge.right]
      }
    }
    return parts
  }

  /// A text that becomes a token, and where in a pre-token it stands.
  private typealias Place = (text: [UInt8], starts: Bool, ends: Bool)

  /// The places that a spelling can stand for.
  private func places(of spelling: [UInt8]) -> [Place] {
    let prefix = Array(options.continuingSubwordPrefix.utf8)
    let suffix = Array(options.endOfWordSuffix.utf8)
    var places: [Place] = [(spelling, true, suffix.isEmpty)]
    if !suffix.isEmpty, spelling.hasSuffix(suffix) {
      places.append((Array(spelling.dropLast(suffix.count)), true, true))
    }
    guard !prefix.isEmpty, spelling.starts(with: prefix) else { return places }
    return places
      + places.map { (text: Array($0.text.dropFirst(prefix.count)), starts: false, ends: $0.ends) }
  }
}

extension [UInt8] {
  fileprivate func hasSuffix(_ ending: [UInt8]) -> Bool {
    suffix(ending.count).elementsEqual(ending)
  }
}
