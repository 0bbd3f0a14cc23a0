import TesseraModels
import TesseraTestSupport
import TesseraTokenizers
import Testing

@testable import TesseraTraining

@Suite struct MaskingDataTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  // MARK: Words

  @Test func `words are the tokenizer's, and tokens those of plain encoding`() throws {
    let tokenizer = try encoderTokenizer()
    let documents = latinDocuments + [bytes("baba, lolo kiki! ¿qué? <mask>"), []]
    let texts = try tokenizer.tokenizedTexts(documents)
    #expect(texts.map(\.ids) == (try tokenizer.encodeDocuments(documents)))
    let preTokenizer = PreTokenizer(pattern: .gpt2)
    for (document, text) in zip(documents, texts) {
      let starts = text.offsets.indices.filter { text.beginsWord[$0] }.map {
        text.offsets[$0].lowerBound
      }
      var expected = [0]
      for part in preTokenizer.preTokens(of: document) {
        expected.append(expected[expected.count - 1] + Array(part).count)
      }
      #expect(starts == expected.dropLast())
    }
  }

  // MARK: Spans

  @Test func `a file of spans is read, and found again by what is in documents`() throws {
    let spans = try DocumentSpans(
      lines: bytes(
        """
        {"document": 2, "spans": [[0, 3], [3, 5]], "note": "x"}

        {"document": 0, "spans": []}
        """), path: "spans.jsonl")
    #expect(try spans.spans(ofDocument: 2, size: 5) == [0..<3, 3..<5])
    #expect(try spans.spans(ofDocument: 1, size: 5) == [])
    let found = try spans.byContent(of: [bytes("a"), [], bytes("b"), bytes("cdefg")])
    #expect(found == [bytes("cdefg"): [0..<3, 3..<5]])
    #expect(throws: MaskingError.noSuchDocument(path: "spans.jsonl", document: 2, count: 2)) {
      try spans.byContent(of: [bytes("a"), bytes("b")])
    }
    #expect(
      throws: MaskingError.spanOutside(path: "spans.jsonl", document: 2, span: 3..<5, size: 4)
    ) { try spans.byContent(of: [bytes("a"), bytes("b"), bytes("cdef")]) }
  }

  @Test func `lines that are none are named`() throws {
    for (line, words) in [
      ("{", "line 2"), ("[]", "\"document\""),
      ("{\"document\": -1, \"spans\": []}", "\"document\""),
      ("{\"document\": 1}", "\"spans\""), ("{\"document\": 0, \"spans\": []}", "a line before"),
      ("{\"document\": 1, \"spans\": [[2, 2]]}", "two whole numbers"),
      ("{\"document\": 1, \"spans\": [[-1, 2]]}", "two whole numbers"),
      ("{\"document\": 1, \"spans\": [[0, 4], [3, 5]]}", "two whole numbers"),
      ("{\"document\": 1, \"spans\": [[0, 4, 5]]}", "two whole numbers"),
      ("{\"document\": 1, \"spans\": [[0, 1.5]]}", "two whole numbers"),
    ] {
      #expect {
        try DocumentSpans(lines: bytes("{\"document\": 0, \"spans\": []}\n" + line), path: "f")
      } throws: { error in
        guard let error = error as? MaskingError,
          case .malformedSpans("f", 2, _) = error
        else { return false }
        return "\(error)".contains(words)
      }
    }
  }

  @Test func `tokens with a byte of a span are one unit`() {
    // Tokens of bytes 0-2, 2-4, 4-5, 5-8, 8-9 and a character in two tokens.
    let offsets = [0..<2, 2..<4, 4..<5, 5..<8, 8..<9, 9..<11, 9..<11]
    func units(_ spans: [Range<Int>]) -> [Bool] {
      DocumentEncoder.beginsSpan(offsets, spans)
    }
    #expect(units([]) == [true, true, true, true, true, true, true])
    #expect(units([1..<5]) == [true, false, false, true, true, true, true])
    #expect(units([2..<4, 4..<8]) == [true, true, true, false, true, true, true])
    #expect(units([0..<3, 3..<8]) == [true, false, true, false, true, true, true])
    #expect(units([8..<11]) == [true, true, true, true, true, false, false])
  }

  // MARK: Pairs

  @Test func `pairs are read from lines with tabs and from JSON lines`() throws {
    let folder = try TemporaryDirectory()
    let lines = try folder.write("pairs.tsv", "ba de\tki lo\n\nmu\tre\n\tta\n")
    let pairs = try SentencePairs(paths: [lines], fields: ("source", "target"))
    #expect(
      pairs == SentencePairs([(bytes("ba de"), bytes("ki lo")), (bytes("mu"), bytes("re"))]))
    let json = try folder.write(
      "pairs.jsonl",
      """
      {"en": "ba", "hi": "ki\\tlo"}
      {"hi": "re", "en": "mu"}
      """)
    #expect(
      try SentencePairs(paths: [json], fields: ("en", "hi"))
        == SentencePairs([(bytes("ba"), bytes("ki\tlo")), (bytes("mu"), bytes("re"))]))
    let wrong = try folder.write("wrong.tsv", "a\tb\na b\n")
    #expect(throws: MaskingError.malformedPair(path: wrong, line: 2, tabCount: 0)) {
      try SentencePairs(paths: [wrong], fields: ("source", "target"))
    }
    let empty = try folder.write("empty.tsv", "\t\n")
    #expect(throws: MaskingError.noPairs(paths: [empty])) {
      try SentencePairs(paths: [empty], fields: ("source", "target"))
    }
  }

  @Test func `the longer sentence of a pair is cut first`() throws {
    let masked = try maskedTraining()
    for (first, second, room) in [(3, 4, 7), (9, 4, 8), (4, 9, 8), (9, 2, 8), (6, 6, 5), (7, 8, 4)]
    {
      // The definition: token by token.
      var expected = (first, second)
      while expected.0 + expected.1 > room {
        if expected.0 > expected.1 { expected.0 -= 1 } else { expected.1 -= 1 }
      }
      let found = masked.lengths(first: first, second: second, room: room)
      #expect(found.first + found.second == min(room, first + second))
      #expect(abs(found.first - expected.0) <= 1 && abs(found.second - expected.1) <= 1)
    }
  }

  @Test(arguments: [1, 2])
  func `a pair stands in a sequence of its own, masked on both sides`(separators: Int) throws {
    let tokenizer = try encoderTokenizer()
    let masked = try maskedTraining(
      probability: 0.5, pairSeparatorCount: separators, segmentCount: separators == 1 ? 2 : 1)
    let encoder = try DocumentEncoder(tokenizer, name: "test")
    let source = try encoder.source(
      SentencePairs([(bytes("baba dede"), bytes("lolo kiki mumu"))]), unit: .token)
    let data = TrainingData(
      sources: [source], stages: [MixtureStage(firstStep: 0, mixture: Mixture(weights: [1]))],
      sequenceLength: 30, batchSequenceCount: 2, seed: 1, masked: masked)
    let first = try tokenizer.encode("baba dede").map { Int32($0) }
    let second = try tokenizer.encode("lolo kiki mumu").map { Int32($0) }
    let separator = [Int32](repeating: masked.tokens.separator, count: separators)
    let whole =
      [masked.tokens.start] + first + separator + second + [masked.tokens.separator]
    var reader = BatchReader(data)
    var sides: Set<Bool> = []
    for step in 0..<20 {
      let batch = reader.batch(step: step, sequences: 0..<2)
      let places = try #require(batch.places)
      #expect(places.lengths == [whole.count, whole.count])
      for row in 0..<2 {
        let tokens = row * 30..<row * 30 + whole.count
        let original = zip(batch.inputs[tokens], batch.targets[tokens]).map { $1 >= 0 ? $1 : $0 }
        #expect(original == whole)
        #expect(
          batch.inputs[tokens.upperBound..<row * 30 + 30].allSatisfy { $0 == masked.tokens.padding }
        )
        #expect(batch.targets[tokens.upperBound..<row * 30 + 30].allSatisfy { $0 < 0 })
        for (place, index) in tokens.enumerated() where batch.targets[index] >= 0 {
          sides.insert(place <= first.count)
        }
        // Positions start anew with what belongs to the second sentence.
        let boundary = 1 + first.count + 1
        let positions = (0..<boundary).map { Int32($0) }
        #expect(Array(places.positions[tokens].prefix(boundary)) == positions)
        #expect(
          Array(places.positions[tokens].dropFirst(boundary))
            == (0..<whole.count - boundary).map { Int32($0) })
        let segments = Array(places.segments[tokens])
        #expect(segments.prefix(boundary).allSatisfy { $0 == 0 })
        #expect(segments.dropFirst(boundary).allSatisfy { $0 == (separators == 1 ? 1 : 0) })
      }
    }
    #expect(sides == [true, false])
    #expect(data.epochs(after: 3) == [6])
  }

  // MARK: Batches

  @Test func `a sequence begins and ends with its tokens, and a pass has all of the text`() throws {
    let tokenizer = try encoderTokenizer()
    let masked = try maskedTraining(probability: 0.3)
    let documents = try DocumentEncoder(tokenizer, name: "test").encode(latinDocuments)
    let count = documents.tokens.count / 14 * 14
    var source = TrainingSource(name: "all", documents: documents)
    source.beginsUnit = [Bool](repeating: true, count: documents.tokens.count)
    let data = TrainingData(
      sources: [source], stages: [MixtureStage(firstStep: 0, mixture: Mixture(weights: [1]))],
      sequenceLength: 16, batchSequenceCount: 3, seed: 5, masked: masked)
    var reader = BatchReader(data)
    var seen: [Int32] = []
    let steps = ((documents.tokens.count + 13) / 14 + 2) / 3
    for step in 0..<steps {
      let batch = reader.batch(step: step, sequences: 0..<3)
      #expect(batch.places == nil)
      let parts = [0..<1, 1..<3].map { reader.batch(step: step, sequences: $0) }
      #expect(parts.flatMap(\.inputs) == batch.inputs)
      #expect(parts.flatMap(\.targets) == batch.targets)
      for row in 0..<3 {
        let range = row * 16..<row * 16 + 16
        #expect(batch.inputs[range.lowerBound] == masked.tokens.start)
        #expect(batch.inputs[range.upperBound - 1] == masked.tokens.separator)
        let text = range.dropFirst().dropLast()
        seen += zip(batch.inputs[text], batch.targets[text]).map { $1 >= 0 ? $1 : $0 }
      }
    }
    // The last sequences run on into the next pass.
    let all = (0..<documents.tokens.count).map { Int32(documents.tokens[$0]) }
    #expect(count > 0 && Set(seen) == Set(all))
    var other = source
    other.beginsUnit?[3] = false
    let changed = TrainingData(
      sources: [other], stages: data.stages, sequenceLength: 16, batchSequenceCount: 3, seed: 5,
      masked: masked)
    #expect(changed.fingerprint != data.fingerprint)
    let unmasked = TrainingData(
      sources: [TrainingSource(name: "all", documents: documents)], stages: data.stages,
      sequenceLength: 16, batchSequenceCount: 3, seed: 5,
      masked: try maskedTraining(probability: 0.2))
    #expect(unmasked.fingerprint != data.fingerprint)
  }

  @Test func `words of the corpus are masked as a whole`() throws {
    let tokenizer = try latinTokenizer(specialTokens: encoderTokenNames)
    let masked = try maskedTraining(unit: .word, probability: 0.3)
    let text = bytes("xyzzyx quux plugh xyzzyx frotz quux plugh xyzzyx frotz")
    let source = try DocumentEncoder(tokenizer, name: "test").source(
      [text], name: "all", unit: .word, spans: [:])
    let begins = try #require(source.beginsUnit)
    #expect(begins.count == source.documents.tokens.count)
    #expect(begins.count { $0 } == 9 + 1 && begins.last == true)
    let data = TrainingData(
      sources: [source], stages: [MixtureStage(firstStep: 0, mixture: Mixture(weights: [1]))],
      sequenceLength: begins.count + 2, batchSequenceCount: 1, seed: 5, masked: masked)
    var reader = BatchReader(data)
    var total = 0
    for step in 0..<30 {
      let batch = reader.batch(step: step, sequences: 0..<1)
      // Words from one token that begins with a space to the next.
      var isTarget: Bool?
      for i in 1..<begins.count {
        let token = batch.targets[i] >= 0 ? batch.targets[i] : batch.inputs[i]
        if token == masked.tokens.separator
          || tokenizer.bytes(of: UInt32(token))?.first == UInt8(ascii: " ")
        {
          isTarget = nil
        } else if let isTarget {
          #expect(isTarget == (batch.targets[i] >= 0))
        }
        if token != masked.tokens.separator { isTarget = isTarget ?? (batch.targets[i] >= 0) }
        total += batch.targets[i] >= 0 ? 1 : 0
      }
    }
    #expect(total > 0)
  }
}
