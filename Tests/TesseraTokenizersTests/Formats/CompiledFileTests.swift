import TesseraBasics
import TesseraTestSupport
import Testing

@testable import TesseraTokenizers

@Suite struct CompiledFileTests {
  private static let names = ["gpt2", "llama3", "qwen2", "o200k", "prefix-space"]

  private func read(_ bytes: [UInt8], in folder: borrowing TemporaryDirectory) throws -> Tokenizer {
    try Tokenizer(contentsOf: folder.write("tokenizer.tessera", bytes))
  }

  private func bytes(of tokenizer: Tokenizer) throws -> [UInt8] {
    let files = try tokenizer.files(in: .compiled)
    #expect(files.map(\.name) == ["tokenizer.tessera"])
    return files[0].bytes
  }

  private static let texts: [String] = [
    "", "One fine day", "the <|end|> of <s> it", "नदी 漢字 😀", String(repeating: "a b ", count: 99),
    "\r\n\t  don't 1234567", "\u{0}\u{1}",
  ]

  @Test(arguments: names)
  func `gives the same tokens and is written as the same files`(name: String) throws {
    let folder = try TemporaryDirectory()
    let tokenizer = try GoldenTokenizerTests.tokenizer(name)
    let compiled = try bytes(of: tokenizer)
    let again = try read(compiled, in: folder)
    try tokenizer.checkAgreement(with: again)
    for text in Self.texts {
      for policy in [SpecialTokenPolicy.none, .all] {
        #expect(
          try again.encode(text, special: policy) == tokenizer.encode(text, special: policy))
      }
    }
    #expect(again.tokenizerJSON() == tokenizer.tokenizerJSON())
    #expect(again.addedTokens == tokenizer.addedTokens)
    #expect(again.endOfText == tokenizer.endOfText)
    #expect(again.pipeline == tokenizer.pipeline)
    #expect(again.model.semantics == tokenizer.model.semantics)
    #expect(again.merges == tokenizer.merges)
    // Its own file is the same again, whatever the seed of this process.
    #expect(try bytes(of: again) == compiled)
  }

  @Test func `keeps ranks, dropout, and what SentencePiece says`() throws {
    let folder = try TemporaryDirectory()
    let ranks = try GoldenTokenizerTests.tokenizer("cl100k")
    let again = try read(bytes(of: ranks), in: folder)
    #expect(again.model.semantics == .ranks && again.merges.isEmpty)
    try ranks.checkAgreement(with: again)
    #expect(again.tokenizerJSON() == ranks.tokenizerJSON())

    let dropping = try ranks.withDropout(0.5)
    let copy = try read(bytes(of: dropping), in: folder)
    for seed in 0..<5 as Range<UInt64> {
      #expect(
        try copy.encode("the river runs", seed: seed)
          == dropping.encode("the river runs", seed: seed))
    }
    for name in ["llama", "rules", "symbols", "suffix", "equal-scores", "unused"] {
      let pieces = try Tokenizer(contentsOf: fixturePath("sentencepiece/\(name).model"))
      let copy = try read(bytes(of: pieces), in: folder)
      #expect(copy.model.pieces == pieces.model.pieces)
      try pieces.checkAgreement(with: copy)
      for text in Self.texts { #expect(try copy.encode(text) == pieces.encode(text)) }
    }
  }

  @Test func `goes on as a tokenizer that was never compiled`() throws {
    let folder = try TemporaryDirectory()
    let tokenizer = try GoldenTokenizerTests.tokenizer("gpt2")
    let again = try read(bytes(of: tokenizer), in: folder)
    let ids = try tokenizer.encode("zqzq")
    let merge = NewMerge(
      left: ids[0], right: ids[1], result: TokenID(tokenizer.vocabularySize),
      bytes: tokenizer.bytes(of: ids[0])! + tokenizer.bytes(of: ids[1])!)
    #expect(
      try again.extended(with: [merge]).encode("zqzq zq")
        == tokenizer.extended(with: [merge]).encode("zqzq zq"))
    #expect(try again.withDropout(1).encode("the") == tokenizer.withDropout(1).encode("the"))
  }

  // MARK: Files that are not right

  private func error(_ bytes: [UInt8], in folder: borrowing TemporaryDirectory) -> TokenizerError? {
    do {
      _ = try read(bytes, in: folder)
      return nil
    } catch let error as TokenizerError {
      return error.cause
    } catch {
      Issue.record("\(error)")
      return nil
    }
  }

  @Test func `refuses files of another version or byte order`() throws {
    let folder = try TemporaryDirectory()
    let good = try bytes(of: GoldenTokenizerTests.tokenizer("gpt2"))
    var other = good
    other.replaceSubrange(12..<16, with: [9, 0, 0, 0])
    guard case .unsupported("version", "9 of compiled tokenizers", _)? = error(other, in: folder)
    else {
      Issue.record("version")
      return
    }
    other = good
    other.replaceSubrange(8..<12, with: good[8..<12].reversed())
    guard
      case .unsupported("byte order", "of another machine", let advice)? =
        error(other, in: folder)
    else {
      Issue.record("byte order")
      return
    }
    #expect(advice.contains("tessera convert"))
  }

  @Test func `notices every file that is cut off`() throws {
    let folder = try TemporaryDirectory()
    let good = try bytes(of: GoldenTokenizerTests.tokenizer("gpt2"))
    for size in Array(stride(from: 8, to: 500, by: 7)) + [1_000, good.count / 2, good.count - 1] {
      #expect(error(Array(good[..<size]), in: folder) != nil, "\(size)")
    }
    #expect(error(good + [0], in: folder) != nil)
  }

  @Test func `notices every flipped bit of what it reads`() throws {
    let folder = try TemporaryDirectory()
    let good = try bytes(of: Tokenizer(contentsOf: fixturePath("sentencepiece/llama.model")))
    var random = SplitMix64(seed: 3)
    let header = (0..<CompiledHeader.size).map { $0 }
    let others = (0..<300).map { _ in Int(random.next() % UInt64(good.count)) }
    for index in header + others {
      var bytes = good
      bytes[index] ^= 1 << UInt8(random.next() % 8)
      guard let error = error(bytes, in: folder) else {
        // Only what lies between sections is not read.
        #expect(good[index] == 0 && index > CompiledHeader.size, "\(index)")
        continue
      }
      #expect(!"\(error)".isEmpty)
    }
  }

  /// The places and sizes of the sections of a file.
  private func sections(_ bytes: [UInt8]) -> [Range<Int>] {
    CompiledSection.allCases.map { section in
      let place = CompiledHeader.sectionsOffset + section.rawValue * CompiledHeader.entrySize
      func number(_ offset: Int) -> Int {
        (0..<8).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
      }
      return number(place)..<number(place) + number(place + 8)
    }
  }

  /// A file with checksums that are right for what it holds now.
  private func signed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    func set(_ value: UInt64, at offset: Int) {
      for byte in 0..<8 { bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    }
    for (index, range) in sections(bytes).enumerated() {
      let place = CompiledHeader.sectionsOffset + index * CompiledHeader.entrySize
      let section = Array(bytes[range])
      set(Checksum(of: section.span).value, at: place + 16)
    }
    let end = CompiledHeader.size - 8
    let header = Array(bytes[..<end])
    set(Checksum(of: header.span).value, at: end)
    return bytes
  }

  @Test func `refuses a table of tokens that is nearly full`() throws {
    let folder = try TemporaryDirectory()
    var bytes = try bytes(of: GoldenTokenizerTests.tokenizer("gpt2"))
    let range = sections(bytes)[CompiledSection.tokenSlots.rawValue]
    // One slot in each block of 1,024 stays free.
    for slot in 0..<range.count / 4 where slot % 1_024 != 0 {
      for byte in 0..<4 { bytes[range.lowerBound + slot * 4 + byte] = byte == 3 ? 1 : 0 }
    }
    #expect(error(signed(bytes), in: folder) != nil)
  }

  @Test func `refuses a user-defined piece that its bytes do not find`() throws {
    let folder = try TemporaryDirectory()
    let tokenizer = try Tokenizer(contentsOf: fixturePath("sentencepiece/symbols.model"))
    var bytes = try bytes(of: tokenizer)
    for index in sections(bytes)[CompiledSection.tokenSlots.rawValue] { bytes[index] = 0xFF }
    #expect(error(signed(bytes), in: folder) != nil)
  }

  @Test(arguments: ["gpt2", "cl100k", "symbols", "unused"])
  func `is safe with tables that somebody made up`(name: String) throws {
    let folder = try TemporaryDirectory()
    let tokenizer =
      ["gpt2", "cl100k"].contains(name)
      ? try GoldenTokenizerTests.tokenizer(name)
      : try Tokenizer(contentsOf: fixturePath("sentencepiece/\(name).model"))
    let good = try bytes(of: tokenizer)
    #expect(signed(good) == good)
    let ranges = sections(good)
    var random = SplitMix64(seed: 17)
    var accepted = 0
    for round in 0..<400 {
      var bytes = good
      let range = ranges[round % ranges.count]
      if range.isEmpty { continue }
      switch round / ranges.count % 4 {
      case 0:
        // A word of something else.
        for _ in 0..<8 {
          let index = range.lowerBound + Int(random.next() % UInt64(range.count))
          bytes[index] = UInt8(truncatingIfNeeded: random.next())
        }
      case 1:
        for index in range { bytes[index] = 0 }
      case 2:
        for index in range { bytes[index] = 0xFF }
      default:
        for index in range { bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
      }
      // An error, or a tokenizer that encodes something.
      guard let made = try? read(signed(bytes), in: folder) else { continue }
      accepted += 1
      for text in Self.texts {
        let ids = try made.encode(text)
        _ = try? made.decode(ids)
      }
      _ = made.tokenizerJSON()
    }
    #expect(accepted > 0)
  }
}
