import TesseraBasics
import TesseraModels
import TesseraTokenizers
import Testing

@testable import TesseraTraining

@Suite struct MaskedScoringTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func `words are runs without white space, and long runs are cut between characters`() {
    func words(_ text: String) -> [String] {
      MaskedDocuments.words(of: bytes(text)).map {
        String(decoding: bytes(text)[$0], as: UTF8.self)
      }
    }
    #expect(words("") == [])
    #expect(words(" \n\t") == [])
    #expect(words("one fish,  two\nfish ") == ["one", "fish,", "two", "fish"])
    #expect(words("abcdefghijklmnop") == ["abcdefghijklmnop"])
    #expect(words("abcdefghijklmnopq") == ["abcdefgh", "ijklmnop", "q"])
    #expect(words("日本語日本語日本語日本語日本語日本") == ["日本語日本語日本", "語日本語日本語日", "本"])
    // Bytes that are no text are some words too.
    let invalid = [UInt8](repeating: 0x80, count: 40)
    #expect(MaskedDocuments.words(of: invalid) == [0..<40])
  }

  @Test func `the same words are masked whatever the tokenizer`() throws {
    let tokenizers = [
      try encoderTokenizer(),
      try latinTokenizer(specialTokens: encoderTokenNames + (0..<40).map { "<\($0)>" }),
    ]
    let documents = latinDocuments + greekDocuments
    var masked: [MaskedDocuments] = []
    for tokenizer in tokenizers {
      masked.append(
        try MaskedDocuments(
          documents, tokenizer: tokenizer, tokens: EncoderTokens(tokenizer, name: "test"),
          length: 24))
    }
    #expect(masked[0].sizes == masked[1].sizes)
    #expect(masked[0].sizes.allSatisfy { $0 > 0 })
    let total = documents.reduce(0) { $0 + $1.count }
    let share = Double(masked[0].sizes.reduce(0, +)) / Double(total)
    #expect(share > 0.1 && share < 0.2)
    // What is shown of a document has none of the bytes of masked words.
    for (tokenizer, masked) in zip(tokenizers, masked) {
      for window in masked.windows {
        #expect(window.inputs.count <= 24 && window.inputs.count == window.targets.count)
        for (input, target) in zip(window.inputs, window.targets) {
          #expect((target >= 0) == (input == masked.maskToken(of: tokenizer)))
        }
      }
    }
    var other = MaskedScoringOptions()
    other.seed = 1
    #expect(
      try MaskedDocuments(
        documents, tokenizer: tokenizers[0],
        tokens: EncoderTokens(tokenizers[0], name: "test"), length: 24, options: other
      ).sizes != masked[0].sizes)
  }

  @Test func `the score is the loss of masked words, for any size of passes`() throws {
    let tokenizer = try encoderTokenizer()
    let tokens = try EncoderTokens(tokenizer, name: "test")
    let model = tinyEncoder(vocabularySize: tokenizer.vocabularySize)
    var scores: [CorpusScore] = []
    for batchTokenCount in [1, 100, 4_096] {
      var options = MaskedScoringOptions()
      options.batchTokenCount = batchTokenCount
      let masked = try MaskedDocuments(
        latinDocuments, tokenizer: tokenizer, tokens: tokens, length: 32, options: options)
      scores.append(model.score(masked, workspace: TransformerWorkspace()))
      #expect(scores[0].documents.map(\.bytes) == masked.sizes)
      // The definition: each window by itself.
      var expected = [Double](repeating: 0, count: masked.count)
      for window in masked.windows {
        let losses = model.tokenLosses(
          of: TokenBatch(
            sequenceCount: 1, sequenceLength: window.inputs.count, inputs: window.inputs,
            targets: window.targets), workspace: TransformerWorkspace())
        expected[window.document] += losses.reduce(0.0) { $0 + Double($1) }
      }
      for (score, expected) in zip(scores[scores.count - 1].documents, expected) {
        #expect(abs(score.nats - expected) < 1e-4)
      }
    }
  }

  @Test func `a sequence without room for text is refused`() throws {
    let tokenizer = try encoderTokenizer()
    let tokens = try EncoderTokens(tokenizer, name: "test")
    #expect(throws: MaskingError.sequenceTooShort(length: 2, needed: 3)) {
      try MaskedDocuments(latinDocuments, tokenizer: tokenizer, tokens: tokens, length: 2)
    }
  }
}

extension MaskedDocuments {
  /// The ID of the mask.
  fileprivate func maskToken(of tokenizer: Tokenizer) -> Int32 {
    tokenizer.addedTokens.first { $0.content == "<mask>" }.map { Int32($0.id) } ?? -1
  }
}
