import TesseraBasics
import TesseraTokenizers
import Testing

@Suite struct MergeTests {
  /// A random vocabulary over a few letters, with unreachable tokens and several splits of one.
  static func randomModel(
    _ semantics: MergeSemantics, letters: Int, mergeCount: Int, seed: UInt64
  ) throws -> BPEModel {
    var random = SplitMix64(seed: seed)
    var tokens = try TokenTable((0..<256).map { [UInt8($0)] })
    var ids = (0..<letters).map { TokenID($0 + 97) }
    var merges: [Merge] = []
    while merges.count < mergeCount {
      let left = ids[random.below(ids.count)]
      let right = ids[random.below(ids.count)]
      if merges.contains(where: { $0.left == left && $0.right == right }) { continue }
      if tokens.size(of: left) + tokens.size(of: right) > 12 { continue }
      var result = tokens.id(joining: left, right)
      if result == nil {
        let new = TokenID(tokens.idBound)
        try tokens.insert(Array(tokens.bytes(of: left)!) + tokens.bytes(of: right)!, id: new)
        ids.append(new)
        result = new
      }
      merges.append(Merge(left: left, right: right, result: result!))
    }
    // The order of merges is not that of the IDs.
    merges.shuffle(using: &random)
    return try BPEModel(
      tokens: tokens, merges: semantics == .ranks ? [] : merges, semantics: semantics)
  }

  @Test(arguments: [MergeSemantics.merges, .mergesAfterWholePreTokens, .ranks])
  func `agrees with the definition on every short text of three letters`(
    semantics: MergeSemantics
  ) throws {
    let model = try Self.randomModel(semantics, letters: 3, mergeCount: 40, seed: 5)
    let tokenizer = try Tokenizer(model: model, pattern: .none)
    for size in 1...7 {
      var number = 0
      while true {
        var rest = number
        let text = (0..<size).map { _ -> UInt8 in
          defer { rest /= 3 }
          return UInt8(97 + rest % 3)
        }
        if rest > 0 { break }
        number += 1
        if try tokenizer.encode(text) != mergeReference(text, model) {
          Issue.record("\(String(decoding: text, as: UTF8.self))")
        }
      }
    }
  }

  @Test(arguments: [MergeSemantics.merges, .mergesAfterWholePreTokens, .ranks])
  func `agrees with the definition on random texts of every size`(
    semantics: MergeSemantics
  ) throws {
    for seed in 0..<UInt64(6) {
      let model = try Self.randomModel(
        semantics, letters: 2 + Int(seed % 3), mergeCount: 60, seed: seed)
      let tokenizer = try Tokenizer(model: model, pattern: .none)
      var random = SplitMix64(seed: seed, stream: 1)
      // Around the sizes where entries of the cache, and the way of merging, change.
      for size in [
        1, 2, 14, 15, 16, 17, 23, 24, 25, 31, 32, 33, 50, 94, 95, 96, 97, 98, 150, 254, 255, 256,
        257, 300,
      ] {
        let text = (0..<size).map { _ in UInt8(97 + random.below(4)) }
        #expect(
          try tokenizer.encode(text) == mergeReference(text, model), "seed \(seed), size \(size)")
        // Once more, from memory.
        #expect(
          try tokenizer.encode(text) == mergeReference(text, model), "seed \(seed), size \(size)")
      }
    }
  }

  @Test func `lets a later merge of the same pair replace an earlier one`() throws {
    var tokens = try TokenTable((0..<256).map { [UInt8($0)] })
    try tokens.insert(Array("ab".utf8), id: 256)
    try tokens.insert(Array("bc".utf8), id: 257)
    let (ab, bc) = (
      Merge(left: 97, right: 98, result: 256), Merge(left: 98, right: 99, result: 257)
    )
    let model = try BPEModel(tokens: tokens, merges: [ab, bc, ab], semantics: .merges)
    #expect(try Tokenizer(model: model, pattern: .none).encode("abc") == [97, 257])
  }

  @Test func `needs a token for each byte and for each part of a merge`() throws {
    let tokens = try TokenTable((0..<255).map { [UInt8($0)] })
    #expect(throws: TokenizerError.missingByte(255)) {
      try BPEModel(tokens: tokens, merges: [], semantics: .ranks)
    }
    let all = try TokenTable((0..<256).map { [UInt8($0)] })
    #expect(throws: TokenizerError.mergeOutOfVocabulary(rank: 0, token: "with the ID 300")) {
      try BPEModel(
        tokens: all, merges: [Merge(left: 1, right: 2, result: 300)], semantics: .merges)
    }
  }
}
