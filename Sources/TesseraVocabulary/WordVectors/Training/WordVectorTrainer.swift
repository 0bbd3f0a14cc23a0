// Skip-gram and CBOW with negative sampling and n-grams of characters.
//
//   h = mean of the input rows of a word and its n-grams, or of those of all words around (CBOW)
//   loss = -log sigmoid(h . o(target)) - sum over drawn words w of log sigmoid(-h . o(w))
//
// A step goes down the loss at once; the whole gradient of h goes to every row that h is a mean of, as in
// fastText. Negatives are drawn in proportion to the square root of frequency.
//
// Threads: fastText's threads change shared rows at the same time, so that no two runs are equal. Here the
// text is cut into chunks of 512 words, whatever the number of threads. Some chunks in a row, four in small
// texts and sixteen in large ones, start from the same rows, each goes through its words step by step on
// copies of the rows that it touches (`RowChanges`), and then what they changed is put together in the
// order of the chunks (`RowMerging`). What that costs, against threads that share rows, is a copy in and
// out for each row and chunk, and that a chunk does not see what the others have learned in the meantime.
// Docs/Experiments.md has both measured: on a small text the latter counts. Windows do not reach beyond a
// chunk.
//
// Mikolov, Sutskever, Chen, Corrado and Dean, "Distributed Representations of Words and Phrases and their
// Compositionality", 2013, arXiv:1310.4546; Bojanowski, Grave, Joulin and Mikolov, "Enriching Word Vectors
// with Subword Information", 2017, arXiv:1607.04606. Hogwild is what threads that share rows are called.

public import TesseraBasics

extension WordVectors {
  /// Learns vectors from a text.
  ///
  /// The same text, options and seed give the same bits for any number of threads.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - options: How vectors are learned.
  ///   - seed: The seed of the first rows and of everything that is drawn.
  ///   - progress: Gets the words gone through, of all epochs.
  /// - Throws: ``WordVectorError/memoryTooSmall(needed:available:)`` before memory is asked for,
  ///   ``WordVectorError/diverged(learningRate:)``, ``WordVectorError/interrupted``.
  /// - Precondition: The options' numbers are positive, or zero where that is said to mean none.
  /// - Complexity: O(words * epochs * window * negatives * dimension) time on all workers; memory for
  ///   the rows of words, twice, and of buckets, once: the rows of the training are given back as they
  ///   are copied. The text takes 4 bytes for each word.
  public init(
    learnedFrom text: TrainingText, options: WordVectorOptions = WordVectorOptions(),
    seed: UInt64 = 0, progress: ProgressHandler? = nil
  ) throws(WordVectorError) {
    let needed = WordVectorTraining.memorySize(wordCount: text.words.count, options)
    let available = WordVectorTraining.physicalMemorySize
    if needed > available { throw .memoryTooSmall(needed: needed, available: available) }
    let training = WordVectorTraining(text, options, seed: seed)
    try training.run(progress)
    self = try training.takeVectors()
  }
}

/// The shared state of a training.
final class WordVectorTraining: Sendable {
  /// The words of a chunk.
  static let chunkSize = 512
  /// The chunks that start from the same rows: one for each million words, as far as four to sixteen go.
  let batchSize: Int

  let text: TrainingText
  let options: WordVectorOptions
  let seed: UInt64
  let bucketCount: Int
  /// The input rows: words, then buckets; then the output rows of words.
  let rows: TrainingRows
  /// The input rows of each word, its own first, and where each word's begin.
  let inputRows: [UInt32]
  let inputStarts: [Int]
  /// How likely each word is kept where it stands.
  let keepProbabilities: [Double]
  let negatives: AliasTable

  init(_ text: TrainingText, _ options: WordVectorOptions, seed: UInt64) {
    precondition(
      options.window > 0 && options.negativeCount >= 0 && options.epochs >= 0
        && options.learningRate > 0 && options.subsampling >= 0
        && (1...WordVectors.dimensionLimit).contains(options.dimension)
        && (options.maximumLength == 0
          || (1...options.maximumLength).contains(options.minimumLength)),
      "the options can be followed")
    self.text = text
    self.options = options
    self.seed = seed
    let wordCount = text.words.count
    let bucketCount = options.bucketCount(wordCount: wordCount)
    self.bucketCount = bucketCount
    rows = TrainingRows(count: 2 * wordCount + bucketCount, dimension: options.dimension)
    let buckets = parallelMap(wordCount) { index -> [Int] in
      if bucketCount == 0 { return [] }
      return SubwordVectors.buckets(
        of: text.words[index], lengths: options.minimumLength...options.maximumLength,
        bucketCount: bucketCount)
    }
    var inputRows: [UInt32] = []
    var inputStarts = [0]
    for (word, buckets) in buckets.enumerated() {
      inputRows.append(UInt32(word))
      for bucket in buckets { inputRows.append(UInt32(wordCount + bucket)) }
      inputStarts.append(inputRows.count)
    }
    self.inputRows = inputRows
    self.inputStarts = inputStarts
    batchSize = min(16, max(4, text.tokens.count >> 20))
    let total = Double(text.wordCount)
    keepProbabilities = text.counts.map { count in
      if options.subsampling == 0 { return 1 }
      let ratio = options.subsampling * total / Double(count)
      return ratio.squareRoot() + ratio
    }
    negatives = AliasTable(text.counts.map { Double($0).squareRoot() })
    fillInputRows()
  }

  /// The index of the first output row.
  var outputStart: Int { text.words.count + bucketCount }

  /// Input rows start uniform in [-1/dimension, 1/dimension], each with a generator of its own.
  private func fillInputRows() {
    let dimension = options.dimension
    parallelFor(0..<outputStart, grain: 1_024) { range in
      for index in range {
        var random = SplitMix64(seed: seed, stream: UInt64(index))
        // SAFETY: each call of the body writes the rows of its range alone.
        let row = unsafe rows.row(index)
        for i in 0..<dimension {
          unsafe row[i] = Float((2 * random.uniform() - 1) / Double(dimension))
        }
      }
    }
  }

  /// Goes through the text as often as the options say.
  func run(_ progress: ProgressHandler?) throws(WordVectorError) {
    let chunkCount = (text.tokens.count + Self.chunkSize - 1) / Self.chunkSize
    let total = options.epochs * text.tokens.count
    let workers = (0..<batchSize).map { _ in ChunkTrainer(self) }
    var merging = RowMerging(rowCount: rows.count)
    // Drawn numbers must not be those that the rows start with.
    var random = SplitMix64(seed: seed, stream: UInt64.max)
    let drawSeed = random.next()
    for epoch in 0..<options.epochs {
      for first in stride(from: 0, to: chunkCount, by: batchSize) {
        if Interruption.isRequested { throw .interrupted }
        let done = epoch * text.tokens.count + first * Self.chunkSize
        let rate = Float(options.learningRate * (1 - Double(done) / Double(total)))
        let batch = first..<min(chunkCount, first + batchSize)
        parallelFor(0..<batch.count) { range in
          for place in range {
            let chunk = batch.lowerBound + place
            workers[place].train(
              chunk * Self.chunkSize..<min(text.tokens.count, (chunk + 1) * Self.chunkSize),
              rate: rate,
              random: SplitMix64(
                seed: drawSeed, stream: UInt64(epoch * chunkCount + chunk)))
          }
        }
        merging.merge(workers[..<batch.count].map(\.changes), into: rows)
        progress?(
          ProgressUpdate(
            phase: "learning vectors", completed: min(total, done + batch.count * Self.chunkSize),
            total: total, unit: "words"))
      }
      // Too large a rate has rows grow without bound.
      guard rows.areFinite else { throw .diverged(learningRate: options.learningRate) }
    }
  }

  /// The vectors as they are now, which take the place of the training: nothing can follow.
  func takeVectors() throws(WordVectorError) -> WordVectors {
    let wordCount = text.words.count
    let dimension = options.dimension
    // From the last rows to the first, so that what is left of the memory is in one piece.
    let outputs = rows.takeLast(wordCount, dimension: dimension)
    let buckets = rows.takeLast(bucketCount, dimension: dimension)
    var result = try WordVectors(
      words: text.words, rows: rows.takeLast(wordCount, dimension: dimension),
      dimension: dimension, counts: text.counts)
    if bucketCount > 0 {
      result.subwords = SubwordVectors(
        minimumLength: options.minimumLength, maximumLength: options.maximumLength,
        bucketCount: bucketCount, rows: buckets)
    }
    result.outputRows = outputs
    return result
  }
}
