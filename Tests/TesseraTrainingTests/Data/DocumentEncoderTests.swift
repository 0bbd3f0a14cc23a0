import TesseraBasics
import TesseraCorpora
import TesseraTestSupport
import TesseraTokenizers
import TesseraTraining
import Testing

@Suite struct DocumentEncoderTests {
  @Test func `documents decode to themselves, each followed by the end of text`() throws {
    let tokenizer = try latinTokenizer()
    let encoder = try DocumentEncoder(tokenizer, name: "latin")
    let documents = try encoder.encode(latinDocuments)
    #expect(documents.count == latinDocuments.count)
    #expect(documents.sizes == latinDocuments.map(\.count))
    #expect(documents.textTokenCount < documents.byteCount)
    for (index, document) in latinDocuments.enumerated() {
      let tokens = documents.range(of: index).map { documents.tokens[$0] }
      #expect(tokens.last == tokenizer.endOfText)
      #expect(try tokenizer.decode(Array(tokens.dropLast())) == document)
    }
  }

  @Test func `text that looks like the end of text is text`() throws {
    let tokenizer = try latinTokenizer()
    let documents = try DocumentEncoder(tokenizer, name: "x").encode([Array("<|endoftext|>".utf8)])
    #expect(documents.tokens.count > 2)
    #expect((0..<documents.tokens.count).count { documents.tokens[$0] == tokenizer.endOfText } == 1)
  }

  @Test func `a tokenizer without an end of text, or too large for the model, is refused`() throws {
    let tokenizer = try latinTokenizer(specialTokens: [])
    #expect(throws: TrainingRunError.noEndOfText(tokenizer: "latin")) {
      try DocumentEncoder(tokenizer, name: "latin")
    }
    let other = try latinTokenizer()
    #expect(
      throws: TrainingRunError.vocabularyTooSmall(
        modelRows: 10, tokenizerSize: other.vocabularySize)
    ) {
      try DocumentEncoder(other, name: "latin", rowCount: 10)
    }
  }

  @Test func `a corpus is split into what is trained on and what is held out`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/latin.txt"
    try writeFile(path, Array(latinDocuments.joined(separator: [UInt8(ascii: "\n")])))
    let tokenizer = try latinTokenizer()
    let corpus = try Corpus(paths: [path], options: CorpusOptions(documents: .lines))
    let split = HeldOutSplit(fraction: 0.3)
    let texts = try TokenizedCorpus(corpus, name: "latin", tokenizer: tokenizer, split: split)
    #expect(texts.heldOut == latinDocuments.filter(split.isHeldOut))
    #expect(texts.training.count + texts.heldOut.count == latinDocuments.count)
    #expect(throws: TrainingRunError.noDocuments(source: "latin")) {
      try TokenizedCorpus(
        corpus, name: "latin", tokenizer: tokenizer, split: HeldOutSplit(fraction: 1))
    }
  }
}
