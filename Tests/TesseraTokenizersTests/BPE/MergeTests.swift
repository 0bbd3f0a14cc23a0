import TesseraBasics
import Testing

@testable import TesseraTokenizers

@Suite struct MergeTests {
  /// A random vocabulary over a few letters, with unreachable tokens and several splits of one.
  ///
  /// - Parameter isOrdered: Whether no merge comes before those that make its parts.
  static func randomModel(
    _ semantics: MergeSemantics, letters: Int, mergeCount: Int, isOrdered: Bool = false,
    seed: UInt64
  ) throws -> BPEModel {
    var random = SplitMix64(seed: seed)
    var tokens = try TokenTable((0..<256).map { [UInt8($0)] })
    var ids = (0..<letters).map { TokenID($0 + 97) }
    var merges: [Merge] = []
    var pairs: Set<Merge> = []
    while merges.count < mergeCount {
      let left = ids[random.below(ids.count)]
      let right = ids[random.below(ids.count)]
      if pairs.contains(Merge(left: left, right: right, result: 0)) { continue }
      if tokens.size(of: left) + tokens.size(of: right) > 12 { continue }
      var result = tokens.id(joining: left, right)
      if result == nil {
        let new = TokenID(tokens.idBound)
        try tokens.insert(Array(tokens.bytes(of: left)!) + tokens.bytes(of: right)!, id: new)
        ids.append(new)
        result = new
      }
      merges.append(Merge(left: left, right: right, result: result!))
      pairs.insert(Merge(left: left, right: right, result: 0))
    }
    // The order of merges is not that of the IDs.
    if !isOrdered { merges.shuffle(using: &random) }
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

  @Test(arguments: [MergeSemantics.merges, .mergesAfterWholePreTokens, .ranks])
  func `agrees with the definition where merges come after those of their parts`(
    semantics: MergeSemantics
  ) throws {
    // Fewer merges than the core can have, and more.
    for (seed, mergeCount) in [150, 150, 150, 150, 2_000].enumerated() {
      let seed = UInt64(seed)
      let model = try Self.randomModel(
        semantics, letters: 2 + Int(seed), mergeCount: mergeCount, isOrdered: true, seed: seed)
      let tokenizer = try Tokenizer(model: model, pattern: .none)
      var random = SplitMix64(seed: seed, stream: 2)
      for _ in 0..<(mergeCount > 1_000 ? 10 : 60) {
        let letters = 1 + random.below(5)
        let text = (0..<1 + random.below(120)).map { _ in UInt8(97 + random.below(letters)) }
        #expect(
          try tokenizer.encode(text) == mergeReference(text, model), "seed \(seed), \(text)")
      }
    }
  }

  @Test func `finds what the first merges give`() throws {
    for seed in 0..<UInt64(4) {
      var model = try Self.randomModel(
        .merges, letters: 3, mergeCount: 150, isOrdered: true, seed: seed)
      let tables = MergeTables(model.tokens, merges: model.merges)
      let core = TokenSearchTables(model.tokens, merges: model.merges, in: tables.view)
      #expect(core.count > 280 && core.mergeCount > 24)
      model.merges.removeSubrange(core.mergeCount...)
      var search = TokenSearch()
      var random = SplitMix64(seed: seed, stream: 3)
      for size in 1...100 {
        let text = (0..<size).map { _ in UInt8(97 + random.below(3)) }
        #expect(Self.find(text, core, &search) == mergeReference(text, model))
      }
    }
  }

  private static func find(
    _ text: [UInt8], _ tables: borrowing TokenSearchTables, _ search: inout TokenSearch
  ) -> [TokenID]? {
    var output = [TokenID](repeating: 0, count: text.count)
    let view = tables.view
    // SAFETY: there is room for a token for each byte.
    let count = unsafe text.withUnsafeBufferPointer { text in
      unsafe output.withUnsafeMutableBufferPointer { output in
        unsafe search.find(text, view, into: output.baseAddress!)
      }
    }
    return count.map { Array(output.prefix($0)) }
  }

  @Test(
    .enabled(if: MergeKernel.best != nil, "the processor has no kernel for merging"),
    arguments: [MergeSemantics.merges, .ranks])
  func `merges in registers what it merges in memory`(semantics: MergeSemantics) throws {
    // So many merges that the table of pairs is crowded, over all bytes.
    let model = try Self.randomModel(semantics, letters: 4, mergeCount: 3_000, seed: 7)
    var merges = model.merges
    let tables =
      semantics == .ranks
      ? RankMerges.tables(of: model.tokens, &merges) : MergeTables(model.tokens, merges: merges)
    var plain = MergeScratch(nil)
    var fast = MergeScratch()
    var random = SplitMix64(seed: 4)
    for _ in 0..<4_000 {
      let text = (0..<random.below(17)).map { _ in UInt8(97 + random.below(4)) }
      let expected = Self.merge(text, tables.view, &plain)
      #expect(Self.merge(text, tables.view, &fast) == expected, "\(text)")
    }
  }

  private static func merge(
    _ text: [UInt8], _ tables: MergeTables.View, _ scratch: inout MergeScratch
  ) -> [TokenID] {
    var output = [TokenID](repeating: 0, count: 16)
    // SAFETY: there is room for a token for each byte.
    let count = unsafe text.withUnsafeBufferPointer { text in
      unsafe output.withUnsafeMutableBufferPointer { output in
        unsafe scratch.merge(text, tables, into: output.baseAddress!)
      }
    }
    return Array(output.prefix(count))
  }

  @Test func `ends the core where a merge makes what an earlier one uses`() throws {
    var tokens = try TokenTable((0..<256).map { [UInt8($0)] })
    for (index, token) in ["ab", "abc", "cd", "bcd"].enumerated() {
      try tokens.insert(Array(token.utf8), id: TokenID(256 + index))
    }
    // "abc" needs "ab", which is made later than it is used.
    let merges = [
      Merge(left: 99, right: 100, result: 258), Merge(left: 256, right: 99, result: 257),
      Merge(left: 97, right: 98, result: 256), Merge(left: 98, right: 258, result: 259),
    ]
    let model = try BPEModel(tokens: tokens, merges: merges, semantics: .merges)
    let tables = MergeTables(tokens, merges: merges)
    #expect(TokenSearchTables(tokens, merges: merges, in: tables.view).mergeCount == 2)
    let tokenizer = try Tokenizer(model: model, pattern: .none)
    for text in ["abc", "abcd", "abcabc", "bcd", "abbcd", "cdab"] {
      #expect(try tokenizer.encode(text) == mergeReference(Array(text.utf8), model), "\(text)")
    }
  }

  @Test func `ends the core at a long token, and where a merge is not what it says`() throws {
    // Each token is twice the one before: the last one has as many bytes as a token may have.
    var tokens = try TokenTable((0..<256).map { [UInt8($0)] })
    var merges: [Merge] = []
    var last: TokenID = 97
    for level in 1...16 {
      let id = TokenID(255 + level)
      try tokens.insert([UInt8](repeating: 97, count: 1 << level), id: id)
      merges.append(Merge(left: last, right: last, result: id))
      last = id
    }
    let tables = MergeTables(tokens, merges: merges)
    #expect(TokenSearchTables(tokens, merges: merges, in: tables.view).mergeCount == 7)
    let model = try BPEModel(tokens: tokens, merges: merges, semantics: .merges)
    let text = [UInt8](repeating: 97, count: 1 << 16 + 3)
    let tokenizer = try Tokenizer(model: model, pattern: .none)
    #expect(try tokenizer.encode(text) == [271, 256, 97])

    var few = try TokenTable((0..<256).map { [UInt8($0)] })
    try few.insert(Array("ab".utf8), id: 256)
    try few.insert(Array("de".utf8), id: 257)
    let odd = try BPEModel(
      tokens: few,
      merges: [
        Merge(left: 97, right: 98, result: 256), Merge(left: 99, right: 100, result: 256),
        Merge(left: 100, right: 101, result: 257),
      ], semantics: .merges)
    #expect(
      try Tokenizer(model: odd, pattern: .none).encode("cde")
        == mergeReference(Array("cde".utf8), odd))
  }

  @Test func `keeps every rank in a table that grows`() throws {
    var table = PairTable(capacity: 0)
    var ranks: [UInt64: UInt32] = [:]
    var random = SplitMix64(seed: 1)
    for rank in 0..<UInt32(30_000) {
      // Pairs that differ in a few bits, and pairs of any IDs.
      let isNear = rank % 2 == 0
      let left = isNear ? rank / 200 : UInt32(random.below(1 << 24 - 1))
      let right = isNear ? rank % 200 : UInt32(random.below(1 << 24 - 1))
      table.insert(left: left, right: right, rank: rank)
      ranks[UInt64(left) << 32 | UInt64(right)] = rank
    }
    let view = table.view
    for (pair, rank) in ranks {
      #expect(view.rank(UInt32(pair >> 32), UInt32(truncatingIfNeeded: pair)) == rank)
    }
    for _ in 0..<30_000 {
      let (left, right) = (UInt32(random.below(1 << 24 - 1)), UInt32(random.below(1 << 24 - 1)))
      let rank = ranks[UInt64(left) << 32 | UInt64(right)] ?? PairTable.none
      #expect(view.rank(left, right) == rank)
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
