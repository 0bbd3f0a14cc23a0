internal import TesseraBasics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Goes through a chunk of the text step by step, on its own copies of rows.
@safe
final class ChunkTrainer: @unchecked Sendable {
  // SAFETY of `@unchecked Sendable`: one worker trains a chunk with it at a time.

  private let training: WordVectorTraining
  /// What the chunk has changed.
  let changes: RowChanges
  /// The words of the chunk that were kept; boundaries are.
  private var line: [Int32] = []
  /// The places of the input rows of a step, and of its output rows.
  private var inputs: [Int] = []
  private var outputs: [Int] = []
  /// Row 0 is the mean of the input rows, row 1 its gradient.
  private let hidden: TrainingRows

  init(_ training: WordVectorTraining) {
    self.training = training
    changes = RowChanges(of: training.rows)
    hidden = TrainingRows(count: 2, dimension: training.options.dimension)
  }

  /// Trains on a range of the text, from the shared rows as they are.
  func train(_ range: Range<Int>, rate: Float, random: consuming SplitMix64) {
    var random = random
    let (text, options) = (training.text, training.options)
    changes.reset()
    line.removeAll(keepingCapacity: true)
    for token in text.tokens[range] {
      if token == TrainingText.boundary
        || random.uniform() <= training.keepProbabilities[Int(token)]
      {
        line.append(token)
      }
    }
    for position in line.indices where line[position] != TrainingText.boundary {
      let reach = 1 + random.below(options.window)
      var lower = position
      while lower > 0, position - lower < reach, line[lower - 1] != TrainingText.boundary {
        lower -= 1
      }
      var upper = position
      while upper + 1 < line.count, upper - position < reach,
        line[upper + 1] != TrainingText.boundary
      {
        upper += 1
      }
      inputs.removeAll(keepingCapacity: true)
      switch options.architecture {
      case .skipGram:
        addInputs(of: line[position])
        for other in lower...upper where other != position {
          step(to: line[other], rate, &random)
        }
      case .cbow:
        for other in lower...upper where other != position { addInputs(of: line[other]) }
        if !inputs.isEmpty { step(to: line[position], rate, &random) }
      }
    }
    changes.finish()
  }

  private func addInputs(of word: Int32) {
    let starts = training.inputStarts
    for entry in starts[Int(word)]..<starts[Int(word) + 1] {
      inputs.append(changes.place(of: Int(training.inputRows[entry])))
    }
  }

  /// One step: the target is told apart from drawn words.
  private func step(to target: Int32, _ rate: Float, _ random: inout SplitMix64) {
    let outputStart = training.outputStart
    outputs.removeAll(keepingCapacity: true)
    outputs.append(changes.place(of: outputStart + Int(target)))
    for _ in 0..<training.options.negativeCount {
      var drawn = training.negatives.draw(&random)
      // With a single word there is nothing else to draw.
      while drawn == Int(target), training.text.words.count > 1 {
        drawn = training.negatives.draw(&random)
      }
      if drawn != Int(target) { outputs.append(changes.place(of: outputStart + drawn)) }
    }
    // SAFETY: all rows have `width` floats; places were copied above, and no other is until the end.
    // `mean` and `gradient` are rows of this object, and input and output rows are different rows.
    let width = hidden.stride
    let (mean, gradient) = unsafe (hidden.row(0), hidden.row(1))
    unsafe mean.update(repeating: 0, count: width)
    unsafe gradient.update(repeating: 0, count: width)
    let share = 1 / Float(inputs.count)
    for place in inputs { unsafe add(1, changes.row(at: place), to: mean, width) }
    for i in 0..<width { unsafe mean[i] *= share }
    for (k, place) in outputs.enumerated() {
      let output = unsafe changes.row(at: place)
      let score = sigmoid(unsafe innerProduct(mean, output, width))
      let slope = rate * ((k == 0 ? 1 : 0) - score)
      unsafe add(slope, output, to: gradient, width)
      unsafe add(slope, mean, to: output, width)
      changes.countStep(at: place)
    }
    for place in inputs {
      unsafe add(1, gradient, to: changes.row(at: place), width)
      changes.countStep(at: place)
    }
  }
}

/// Values of the sigmoid from -8 to 8, 64 for each unit.
private let sigmoidTable: [Float] = (0...1_024).map { index in
  Float(1 / (1 + exp(-(Double(index) / 64 - 8))))
}

/// 1 / (1 + e^-x) at the next of the table's points that is not above x, and 0 or 1 beyond, as fastText has it.
@inline(__always)
func sigmoid(_ x: Float) -> Float {
  if x >= 8 { return 1 }
  if x <= -8 { return 0 }
  return x.isNaN ? x : sigmoidTable[Int((x + 8) * 64)]
}
