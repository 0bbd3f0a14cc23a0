import TesseraModels
import TesseraTokenizers
import Testing

@testable import TesseraTraining

@Suite struct TokenMaskingTests {
  private func masking(_ unit: MaskingUnit = .token, probability: Double = 0.15) throws
    -> TokenMasking
  {
    var options = MaskingOptions()
    options.unit = unit
    options.probability = probability
    return TokenMasking(
      options: options, tokens: try EncoderTokens(encoderTokenizer(), name: "test"), seed: 3)
  }

  /// Masks tokens that stand at a place of a batch.
  private func mask(
    _ tokens: [Int32], _ masking: TokenMasking, beginsUnit: [Bool]? = nil, step: Int = 0,
    position: Int = 0
  ) -> (inputs: [Int32], targets: [Int32]) {
    var inputs = tokens
    var targets = [Int32](repeating: -1, count: tokens.count)
    masking.mask(
      &inputs, targets: &targets, range: 0..<tokens.count, beginsUnit: beginsUnit, step: step,
      position: position)
    return (inputs, targets)
  }

  @Test func `shares are those that are asked for`() throws {
    let masking = try masking()
    // Tokens of text, beyond the special ones.
    let tokens = (0..<200_000).map { Int32(10 + $0 % 200) }
    let found = mask(tokens, masking)
    let chosen = tokens.indices.filter { found.targets[$0] >= 0 }
    #expect(chosen.allSatisfy { found.targets[$0] == tokens[$0] })
    #expect(tokens.indices.allSatisfy { found.targets[$0] >= 0 || found.inputs[$0] == tokens[$0] })
    // Five standard deviations of 200,000 and of 30,000 draws.
    func expect(_ count: Int, of total: Int, _ share: Double) {
      let deviation = (share * (1 - share) / Double(total)).squareRoot()
      #expect(abs(Double(count) / Double(total) - share) < 5 * deviation)
    }
    expect(chosen.count, of: tokens.count, 0.15)
    expect(chosen.count { found.inputs[$0] == masking.tokens.mask }, of: chosen.count, 0.8)
    // Another token is by chance the same one, once in some three hundred times.
    let same = chosen.count { found.inputs[$0] == tokens[$0] }
    expect(same, of: chosen.count, 0.1 + 0.1 / Double(masking.tokens.replacements.count))
  }

  @Test func `special tokens are never masked nor put in the place of others`() throws {
    let masking = try masking(probability: 0.999)
    let tokenizer = try encoderTokenizer()
    let special = Set(tokenizer.addedTokens.map { Int32($0.id) })
    #expect(special.count == 4)
    let tokens = (0..<5_000).map { Int32($0 % 20) }
    let found = mask(tokens, masking)
    for i in tokens.indices {
      if special.contains(tokens[i]) {
        #expect(found.targets[i] == -1 && found.inputs[i] == tokens[i])
      } else if special.contains(found.inputs[i]) {
        #expect(found.inputs[i] == masking.tokens.mask)
      }
    }
    #expect(found.targets.count { $0 >= 0 } > 3_000)
  }

  @Test func `masks are a function of seed, step and position`() throws {
    let masking = try masking()
    let tokens = (0..<400).map { Int32(10 + $0 % 200) }
    let whole = mask(tokens, masking, step: 7)
    #expect(mask(tokens, masking, step: 7) == whole)
    for cut in [1, 100, 399] {
      let first = mask(Array(tokens[..<cut]), masking, step: 7)
      let second = mask(Array(tokens[cut...]), masking, step: 7, position: cut)
      #expect(first.inputs + second.inputs == whole.inputs)
      #expect(first.targets + second.targets == whole.targets)
    }
    #expect(mask(tokens, masking, step: 8).targets != whole.targets)
    #expect(mask(tokens, masking, step: 7, position: 1).targets != whole.targets)
    let other = TokenMasking(options: masking.options, tokens: masking.tokens, seed: 4)
    #expect(mask(tokens, other, step: 7).targets != whole.targets)
  }

  @Test func `a unit is a target as a whole or not at all`() throws {
    let masking = try masking(.word, probability: 0.4)
    let tokens = (0..<3_000).map { Int32(10 + $0 % 200) }
    let begins = tokens.indices.map { $0 % 7 == 0 || $0 % 7 == 3 }
    let found = mask(tokens, masking, beginsUnit: begins)
    var units: [[Bool]] = []
    for i in tokens.indices {
      if begins[i] { units.append([]) }
      units[units.count - 1].append(found.targets[i] >= 0)
    }
    #expect(units.allSatisfy { Set($0).count == 1 })
    let share = Double(units.count { $0[0] }) / Double(units.count)
    #expect(abs(share - 0.4) < 0.08)
    // A special token ends a unit.
    var cut = tokens
    for i in stride(from: 5, to: cut.count, by: 7) { cut[i] = masking.tokens.separator }
    let parts = mask(cut, masking, beginsUnit: begins)
    #expect(
      stride(from: 6, to: cut.count, by: 7).contains {
        (parts.targets[$0] >= 0) != (parts.targets[$0 - 2] >= 0)
      })
  }

  @Test func `the names of BERT's tokens are known too`() throws {
    let tokenizer = try latinTokenizer(specialTokens: ["[PAD]", "[CLS]", "[SEP]", "[MASK]"])
    let tokens = try EncoderTokens(tokenizer, name: "test")
    func id(_ name: String) -> Int32? {
      tokenizer.addedTokens.first { $0.content == name }.map { Int32($0.id) }
    }
    #expect(tokens.start == id("[CLS]") && tokens.separator == id("[SEP]"))
    #expect(tokens.padding == id("[PAD]") && tokens.mask == id("[MASK]"))
  }

  @Test func `a tokenizer without the tokens of an encoder is refused`() throws {
    for (names, role) in [
      (["</s>", "<pad>", "<mask>"], .start), (["<s>", "<pad>", "<mask>"], .separator),
      (["<s>", "</s>", "<mask>"], .padding), (["<s>", "</s>", "<pad>"], .mask),
      // Documents end with another token.
      (encoderTokenNames + ["<|endoftext|>"], .separator),
    ] as [([String], EncoderTokens.Role)] {
      let tokenizer = try latinTokenizer(specialTokens: names)
      #expect(throws: MaskingError.noEncoderToken(tokenizer: "test", role: role)) {
        try EncoderTokens(tokenizer, name: "test")
      }
    }
  }
}
