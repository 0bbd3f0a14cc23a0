import TesseraTokenizers
import TesseraTraining

/// Sentences of a small language of syllables; another seed gives other words.
func syllableDocuments(_ count: Int, syllables: [String], seed: Int = 0) -> [[UInt8]] {
  (0..<count).map { document in
    let words = (0..<12).map { word in
      let a = (document * 7 + word * 3 + seed) % syllables.count
      let b = (document * 5 + word * word + seed) % syllables.count
      return syllables[a] + syllables[b]
    }
    return Array((words.joined(separator: " ") + ". \(document)").utf8)
  }
}

/// Documents in Latin letters.
let latinDocuments = syllableDocuments(40, syllables: ["ba", "de", "ki", "lo", "mu", "re", "ta"])

/// Documents in Greek letters, whose bytes no Latin document has.
let greekDocuments = syllableDocuments(40, syllables: ["βα", "δε", "κι", "λο", "μυ", "ρε", "τα"])

/// A tokenizer trained on the Latin documents, with an end-of-text token.
func latinTokenizer(specialTokens: [String] = ["<|endoftext|>"]) throws -> Tokenizer {
  var options = BPETrainerOptions(vocabularySize: 300)
  options.specialTokens = specialTokens
  options.pattern = .gpt2
  let preTokenizer = PreTokenizer(pattern: .gpt2)
  let counts = PreTokenCounts(
    latinDocuments.flatMap { document in
      preTokenizer.preTokens(of: document).map { (bytes: Array($0), count: UInt64(1)) }
    })
  return try BPETrainer.train(on: counts, options).makeTokenizer()
}
