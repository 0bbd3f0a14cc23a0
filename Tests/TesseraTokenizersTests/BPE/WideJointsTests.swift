import TesseraBasics
import Testing

@testable import TesseraTokenizers

@Suite struct WideJointsTests {
  /// Characters of three bytes that share their first two bytes, their last one, or nothing, and some
  /// of one, two and four bytes.
  private static let characters = ["の", "は", "も", "日", "本", "ー", "한", "ह", "a", "é", "😀"]

  /// A vocabulary over these characters, many of whose tokens begin or end within one.
  private static func randomModel(
    _ semantics: MergeSemantics, mergeCount: Int, seed: UInt64
  ) throws -> BPEModel {
    var random = SplitMix64(seed: seed)
    var tokens = try TokenTable((0..<256).map { [UInt8($0)] })
    var merges: [Merge] = []
    var pairs: Set<Merge> = []
    var text = randomText(&random, count: 60).map { TokenID($0) }
    while merges.count < mergeCount {
      let index = random.below(text.count - 1)
      let (left, right) = (text[index], text[index + 1])
      if tokens.size(of: left) + tokens.size(of: right) > 14 || text.count < 8 {
        text = randomText(&random, count: 60).map { TokenID($0) }
        continue
      }
      if pairs.insert(Merge(left: left, right: right, result: 0)).inserted {
        var result = tokens.id(joining: left, right)
        if result == nil {
          result = TokenID(tokens.idBound)
          try tokens.insert(
            Array(tokens.bytes(of: left)!) + tokens.bytes(of: right)!, id: result!)
        }
        merges.append(Merge(left: left, right: right, result: result!))
      }
      let merge = merges.first { $0.left == left && $0.right == right }!
      text.replaceSubrange(index...index + 1, with: [merge.result])
    }
    return try BPEModel(
      tokens: tokens, merges: semantics == .ranks ? [] : merges, semantics: semantics)
  }

  private static func randomText(_ random: inout SplitMix64, count: Int) -> [UInt8] {
    (0..<count).flatMap { _ in Array(characters[random.below(characters.count)].utf8) }
  }

  @Test(arguments: [MergeSemantics.merges, .mergesAfterWholePreTokens, .ranks])
  func `cuts only where no merge crosses`(semantics: MergeSemantics) throws {
    var cutCount = 0
    for seed in 0..<UInt64(12) {
      let model = try Self.randomModel(semantics, mergeCount: 20 + Int(seed) * 12, seed: seed)
      let tokenizer = try Tokenizer(model: model, pattern: .none)
      var merges = model.merges
      if semantics == .ranks { merges = RankMerges.list(of: model.tokens) }
      let joints = WideJoints(model.tokens, merges: merges, takesWholePreTokens: false)
      var random = SplitMix64(seed: seed, stream: 1)
      for _ in 0..<40 {
        let text = Self.randomText(&random, count: 1 + random.below(40))
        let expected = mergeReference(text, model)
        #expect(try tokenizer.encode(text) == expected, "seed \(seed), \(text)")
        var ends: Set<Int> = []
        var end = 0
        for id in expected {
          end += model.tokens.size(of: id)
          ends.insert(end)
        }
        let isWhole = expected.count == 1
        for cut in Self.cuts(of: text, joints) {
          cutCount += 1
          #expect(isWhole || ends.contains(cut), "seed \(seed), \(text), cut at \(cut)")
        }
      }
    }
    #expect(cutCount > 500)
  }

  /// All places where a text is cut.
  private static func cuts(of text: [UInt8], _ joints: borrowing WideJoints) -> [Int] {
    let view = joints.view
    var result: [Int] = []
    var position = 0
    while position < text.count {
      // SAFETY: all of the text can be read.
      position = unsafe text.withUnsafeBufferPointer {
        unsafe view.cut($0.baseAddress!, from: position, to: $0.count, readable: $0.count)
      }
      if position < text.count { result.append(position) }
    }
    return result
  }

  @Test func `tells a part from a pre-token of the same bytes`() throws {
    // Three tokens come before their parts can be joined, so that only whole pre-tokens are them.
    var tokens = try TokenTable((0..<256).map { [UInt8($0)] })
    let (short, long) = ("日本", "日本日本日本")
    try tokens.insert(Array(short.utf8), id: 256)
    try tokens.insert(Array(long.utf8), id: 257)
    for semantics in [MergeSemantics.mergesAfterWholePreTokens, .ranks] {
      let model = try BPEModel(tokens: tokens, merges: [], semantics: semantics)
      let tokenizer = try Tokenizer(model: model, pattern: .none)
      for text in [short, long, short + "のははのの", long + "のは", "のはのはのは" + long + "の", short] {
        #expect(try tokenizer.encode(Array(text.utf8)) == mergeReference(Array(text.utf8), model))
      }
    }
  }

  @Test func `goes on within a pre-token of more parts than are looked up at once`() throws {
    var tokens = try TokenTable((0..<256).map { [UInt8($0)] })
    try tokens.insert(Array("のは".utf8), id: 256)
    for semantics in [MergeSemantics.merges, .mergesAfterWholePreTokens, .ranks] {
      let model = try BPEModel(tokens: tokens, merges: [], semantics: semantics)
      let tokenizer = try Tokenizer(model: model, pattern: .o200k)
      for count in [511, 512, 513, 514, 1_023, 1_024, 1_025, 1_500] {
        let text =
          String(repeating: "日", count: count) + " は" + String(repeating: "の", count: count)
        let expected = Array(text.utf8).map { TokenID($0) }
        #expect(try tokenizer.encode(Array(text.utf8)) == expected, "\(count)")
      }
    }
  }

  @Test func `cuts nothing where a token is not made of its parts`() throws {
    var tokens = try TokenTable((0..<256).map { [UInt8($0)] })
    try tokens.insert(Array("odd".utf8), id: 256)
    let joints = WideJoints(
      tokens, merges: [Merge(left: 1, right: 2, result: 256)], takesWholePreTokens: false)
    #expect(Self.cuts(of: Array("日本のは".utf8), joints).isEmpty)
    let known = WideJoints(tokens, merges: [], takesWholePreTokens: false)
    #expect(Self.cuts(of: Array("日本のは".utf8), known) == [3, 6])
  }
}
