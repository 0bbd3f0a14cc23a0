import ArgumentParser
import TesseraBasics
import TesseraModels
import TesseraTensors

/// `bench generate`: tokens of a model with random weights, one text at a time or several, beside the speed of
/// copying memory.
///
/// Each token reads every weight of the layers and of the head once. `share_of_copy` is the bytes of weights in
/// a second, by those that a copy of as much memory reads and writes in the same time.
struct GenerateCase: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Generate tokens with a model of random weights.")

  @Option(help: "The family: llama or gpt2.") var family = SteppedFamily.gpt2
  @Option(help: "The width of the residual stream.") var width = 768
  @Option(help: "The number of layers.") var layers = 12
  @Option(help: "The number of heads.") var heads = 12
  @Option(help: "The width of the feed-forward block.") var feedForward = 3_072
  @Option(help: "The number of tokens of the vocabulary.") var vocabulary = 50_257
  @Option(help: "Texts at a time.") var texts = 1
  @Option(help: "Steps of a round.") var tokens = 20
  @Option(help: "Rounds; the median counts.") var rounds = 5
  @Option(help: "The number of threads.") var threads = 2

  func run() throws {
    Workers.setThreadCount(threads)
    var configuration = TransformerConfiguration(
      vocabularySize: vocabulary, width: width, layerCount: layers, headCount: heads,
      feedForwardWidth: feedForward, contextLength: 1_024)
    if family == .gpt2 { configuration.becomeGPT2() }
    let model = Transformer(configuration: configuration, seed: 1)
    // Positions are not read, nor are rows of an embedding that is not the head.
    let read =
      model.layout.tensors.filter { $0.role != .positions }
      .reduce(0) { $0 + $1.range.count } * MemoryLayout<Float>.size
    var batch = GeneratorBatch(model, slotCount: texts, capacity: 8 + rounds * tokens + tokens)
    for slot in 0..<texts { batch.start(slot, with: [1, 2, 3, 4, 5, 6, 7]) }
    let inputs = (0..<texts).map { (slot: $0, token: Int32(8)) }
    let source = [Float](repeating: 1, count: read / 2 / MemoryLayout<Float>.size)
    var target = source
    var (times, copies): ([Measurement], [Measurement]) = ([], [])
    for round in 0...rounds {
      let (logits, time) = measure {
        var logits: [[Float]] = []
        for _ in 0..<tokens { logits = batch.step(inputs) }
        return logits
      }
      guard logits.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
        throw WrongResult(description: "a logit is not a finite number")
      }
      let (_, copy) = measure { copyMemory(from: source, to: &target) }
      if round == 0 { continue }
      times.append(time)
      copies.append(copy)
    }
    let seconds = median(times.map(\.seconds)) / Double(tokens)
    let copy = median(copies.map(\.seconds))
    printResult(
      [
        "parameters": JSONValue(model.layout.count),
        "texts": JSONValue(texts),
        "tokens_per_second": JSONValue(Double(texts) / seconds),
        "weight_bytes_per_second": JSONValue(Double(read) / seconds),
        "copy_bytes_per_second": JSONValue(Double(read) / copy),
        "share_of_copy": JSONValue(copy / seconds),
      ],
      times: Measurement(
        seconds: seconds,
        processorSeconds: median(times.map(\.processorSeconds)) / Double(tokens)),
      peakMemory: peakMemory())
  }
}

/// Copies memory on all threads.
private func copyMemory(from source: [Float], to target: inout [Float]) {
  let chunk = 1 << 18
  unsafe source.withUnsafeBufferPointer { source in
    unsafe target.withUnsafeMutableBufferPointer { target in
      guard let from = source.baseAddress, let to = target.baseAddress else { return }
      // SAFETY: both have as many elements; each call copies a range of its own, and the fork returns after
      // the last one.
      nonisolated(unsafe) let (a, b) = unsafe (from, to)
      parallelFor(0..<source.count, grain: chunk) { range in
        unsafe (b + range.lowerBound).update(from: a + range.lowerBound, count: range.count)
      }
    }
  }
}
