// Where a pre-token can be cut before it is merged.
//
// A merge that crosses a place is the first one to do so at some time, and then joins a token that
// ends there with one that begins there. Where no merge joins what lies before the place with what
// lies behind it, none ever crosses it, and the parts are merged each on its own. So texts without
// spaces fall into words that come again, as others do at their spaces, and are found in the cache.
//
// Asked for are places between two characters of three bytes in UTF-8, as those scripts have them.
// A merge tells up to three bytes before the place and up to three behind it:
//
//   before   ..XXX|   a whole character, or its last one or two bytes
//   behind   |XXX..   a whole character, or its first one or two bytes
//
// Where whole pre-tokens are tokens, no place within a token is one, whether or not merges make it.
//
// What they tell is hashed to a bit. Most merges tell of both characters whole. Whether any others
// matter is asked first, by the last byte and the first one.

/// Which characters of three bytes merges can join.
@safe
struct WideJoints: ~Copyable, Sendable {
  /// First, for the six low bits of a last byte, which first bytes follow in merges that do not tell of
  /// both characters whole, by their four low bits: 16 bits each. Then the bits of what merges tell.
  let words: TableMemory<UInt64>

  /// How many words there are before the bits.
  private static let partialWordCount = 16

  /// - Parameters:
  ///   - tokens: The tokens.
  ///   - merges: All merges.
  ///   - takesWholePreTokens: Whether a pre-token that is a token as a whole is that token.
  /// - Complexity: O(*b* log *b*) time for tokens of *b* bytes in all; 2 to 4 bytes of memory for each
  ///   two characters that are joined, and eight more for each place of it while it is made.
  init(_ tokens: TokenTable, merges: [Merge], takesWholePreTokens: Bool) {
    var joined: [JoinedContexts] = []
    // Where the bytes of a token are not those of its parts, they do not tell what merges join.
    var isKnown = true
    for merge in merges {
      guard tokens.isConcatenation(merge.result, of: merge.left, merge.right),
        let left = tokens.bytes(of: merge.left), let right = tokens.bytes(of: merge.right)
      else {
        isKnown = false
        break
      }
      if left.last! < 0x80 || right.first! < 0xE0 { continue }
      guard let before = WideContext(before: left), let behind = WideContext(behind: right) else {
        continue
      }
      joined.append(JoinedContexts(before, behind))
    }
    if takesWholePreTokens {
      // Shorter ones are not cut.
      for id in 0..<TokenID(tokens.idBound) where tokens.size(of: id) > PackedPreToken.sizeLimit {
        guard let token = tokens.bytes(of: id) else { continue }
        for index in token.indices.dropFirst() where token[index] >= 0xE0 {
          if let before = WideContext(before: token[..<index]),
            let behind = WideContext(behind: token[index...])
          {
            joined.append(JoinedContexts(before, behind))
          }
        }
      }
    }
    joined.sort { $0.word < $1.word }
    joined.removeRepeated()
    var logarithm = 12
    while 1 << logarithm < joined.count * 16 { logarithm += 1 }
    words = TableMemory(
      repeating: 0, count: Self.partialWordCount + 1 << (logarithm - 6))
    let view = view
    if !isKnown {
      // SAFETY: all of the words.
      unsafe words.pointer.update(repeating: .max, count: words.count)
    }
    for contexts in joined {
      let (word, bit) = view.place(of: contexts.key)
      // SAFETY: places are among the words.
      unsafe words.pointer[word] |= bit
      if contexts.isPartial {
        let (word, bit) = view.partialPlace(contexts.lastByte, contexts.key >> 24)
        unsafe words.pointer[word] |= bit
      }
    }
  }

  /// The joints that were found before.
  ///
  /// - Returns: `nil` if there are not as many words as there can be.
  init?(_ words: consuming TableMemory<UInt64>) {
    let bitWordCount = words.count - Self.partialWordCount
    guard bitWordCount > 0, bitWordCount.nonzeroBitCount == 1 else { return nil }
    self.words = words
  }

  private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// The joints for the inner loop, which must not outlive them.
  var view: View {
    unsafe View(
      words: words.pointer,
      shift: UInt64(58 - (words.count - Self.partialWordCount).trailingZeroBitCount))
  }

  /// The joints' memory, for the inner loop.
  @safe
  struct View {
    fileprivate let words: UnsafeMutablePointer<UInt64>
    fileprivate let shift: UInt64

    /// The first place behind `start` where a text can be cut, or `end`.
    ///
    /// - Parameters:
    ///   - bytes: The text.
    ///   - start: Where its first character begins.
    ///   - end: Where the pre-token ends.
    ///   - readable: How many bytes of the text can be read, at least `end`.
    @inline(__always)
    @unsafe
    func cut(_ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int, readable: Int) -> Int {
      var position = start
      let last = min(end &- 6, readable &- 8)
      while position <= last {
        // SAFETY: eight bytes can be read from all positions up to `last`.
        let word = unsafe UInt64(
          littleEndian: UnsafeRawPointer(bytes + position).loadUnaligned(as: UInt64.self))
        if word & 0xC0_C0F0_C0C0F0 == 0x80_80E0_8080E0 {
          if !mayJoin(word & 0xFFFF_FFFF_FFFF) { return position &+ 3 }
          position &+= 3
        } else {
          position &+= word & 0xC0_C0F0 == 0x80_80E0 ? 3 : 1
        }
      }
      return end
    }

    /// Whether a merge may join two characters, the first one in the low three bytes.
    @inline(__always)
    private func mayJoin(_ characters: UInt64) -> Bool {
      if isMarked(place(of: characters)) { return true }
      return isMarked(partialPlace(characters &>> 16, characters &>> 24))
        && mayJoinPartially(characters)
    }

    /// The word and the bit of what a merge tells.
    @inline(__always)
    fileprivate func place(of key: UInt64) -> (word: Int, bit: UInt64) {
      let bit = (key &* WideJoints.multiplier) &>> shift
      return (
        Int(truncatingIfNeeded: bit &>> 6) &+ WideJoints.partialWordCount, 1 &<< (bit & 63)
      )
    }

    /// The word and the bit of a last byte and a first one.
    @inline(__always)
    fileprivate func partialPlace(_ last: UInt64, _ first: UInt64) -> (word: Int, bit: UInt64) {
      (Int(truncatingIfNeeded: last &>> 2 & 0xF), 1 &<< ((last & 3) &<< 4 | first & 0xF))
    }

    @inline(__always)
    private func isMarked(_ place: (word: Int, bit: UInt64)) -> Bool {
      // SAFETY: the shift leaves as many bits as there are, and four bits choose one of 16 words.
      unsafe words[place.word] & place.bit != 0
    }

    /// Whether merges may join parts of two characters, or one with a part of the other.
    @inline(never)
    private func mayJoinPartially(_ characters: UInt64) -> Bool {
      let first = characters & 0xFF_FFFF
      let second = characters &>> 24
      for before in [first, first &>> 8, first &>> 16] {
        for behind in [second, second & 0xFFFF, second & 0xFF]
        where isMarked(place(of: before | behind &<< 24)) {
          return true
        }
      }
      return false
    }
  }
}

/// What a token tells of a character of three bytes beside it, up to the whole character.
private struct WideContext {
  /// The bytes, the first one in the low bits.
  var bytes: UInt64 = 0
  var size = 0

  /// What the end of a token tells of the character before the place; `nil` if there is none of three
  /// bytes that ends there.
  init?(before token: ArraySlice<UInt8>) {
    for byte in token.reversed() {
      bytes = bytes << 8 | UInt64(byte)
      size += 1
      if size == 3 {
        if byte & 0xF0 != 0xE0 { return nil }
        break
      }
      if byte & 0xC0 != 0x80 { return nil }
    }
  }

  /// What the beginning of a token tells of the character behind the place; `nil` if there is none of
  /// three bytes that begins there.
  init?(behind token: ArraySlice<UInt8>) {
    for byte in token.prefix(3) {
      if size == 0 ? byte & 0xF0 != 0xE0 : byte & 0xC0 != 0x80 { return nil }
      bytes |= UInt64(byte) << UInt64(size * 8)
      size += 1
    }
  }
}

/// What a merge tells of the characters on both sides of a place, in one word.
private struct JoinedContexts: Equatable {
  let word: UInt64

  init(_ before: WideContext, _ behind: WideContext) {
    word =
      before.bytes | behind.bytes << 24 | UInt64(before.size) << 48 | UInt64(behind.size) << 50
  }

  /// The bytes before the place, and those behind it above them.
  var key: UInt64 { word & 0xFFFF_FFFF_FFFF }

  private var sizeBefore: UInt64 { word >> 48 & 3 }

  /// Whether it does not tell of both characters whole.
  var isPartial: Bool { sizeBefore < 3 || word >> 50 < 3 }

  /// The byte before the place.
  var lastByte: UInt64 { key >> (sizeBefore * 8 - 8) & 0xFF }
}

extension [JoinedContexts] {
  /// Leaves one of those that are equal, of which all are neighbors.
  fileprivate mutating func removeRepeated() {
    var count = 0
    for index in indices where index == 0 || self[index] != self[count - 1] {
      self[count] = self[index]
      count += 1
    }
    removeSubrange(count...)
  }
}
