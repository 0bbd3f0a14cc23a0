import ArgumentParser
import TesseraBasics
import TesseraModels
import TesseraTokenizers
import TesseraTraining

/// `tessera generate --model DIR --prompt TEXT`: a continuation of a text.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Continue a text with a model.",
    discussion: """
      Prints the prompt and what the model adds to it, as it is made, up to the number of tokens, \
      the end of the text, or the end of the model's context.

      With --samples it prints so many texts, a JSON line with the field "text" for each, and makes \
      sixteen at a time: a corpus of what the model knows, such as --replay of adapt takes.

      Examples:
        tessera generate --model models/base-en --prompt "The package" --tokens 60
        tessera generate --model models/base-en --samples 1000 --tokens 400 --temperature 1 \\
          --top-p 1
      """)

  @Option(help: "The model directory.", completion: .directory)
  var model: String

  @Option(help: "The text to continue; empty starts a new one.")
  var prompt = ""

  @Option(help: "The most tokens to add.")
  var tokens = 100

  @Option(help: "How freely to choose: 0 takes the likeliest token, 1 the model's own odds.")
  var temperature = 0.8

  @Option(help: "Choose among the likeliest tokens that share these odds.")
  var topP = 0.95

  @Option(help: "Make so many texts, as JSON lines.")
  var samples: Int?

  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    try checkRange("--tokens", tokens, 1...tokenCountLimit)
    try checkRange("--samples", samples, 1...Self.sampleLimit)
    if samples != nil && common.json {
      throw ValidationError("--samples prints JSON lines; --json is for a single text")
    }
    if !(0...100).contains(temperature) {
      throw ValidationError("--temperature must be between 0 and 100, not \(temperature)")
    }
    if !(topP > 0 && topP <= 1) {
      throw ValidationError("--top-p must be above 0 and at most 1, not \(topP)")
    }
  }

  func run() throws {
    let console = common.start()
    console.warnIfUnfinished(model)
    let transformer = try console.during("loading \(model)") { try Transformer(checkpoint: model) }
    // Before the prompt is printed.
    if transformer.configuration.objective != .nextToken {
      throw GenerationError.predictsMaskedTokens
    }
    let tokenizer = try Tokenizer(contentsOf: model)
    let sampling = SamplingOptions(temperature: temperature, topP: topP, seed: seed.seed)
    if let samples {
      try printSamples(samples, of: transformer, tokenizer, sampling, console)
      return
    }
    if common.json {
      let text = try console.during("generating") {
        try transformer.continuation(
          of: prompt, with: tokenizer, tokenCount: tokens, sampling: sampling)
      }
      try console.printJSON(.object(["prompt": .string(prompt), "text": .string(text)]))
      return
    }
    // The text appears as it is made.
    try writeToStandardOutput(prompt)
    var stream = TextStream()
    var failure: FileError?
    _ = try transformer.continuation(
      of: prompt, with: tokenizer, tokenCount: tokens, sampling: sampling,
      onBytes: { bytes in
        guard failure == nil else { return }
        do throws(FileError) {
          try writeToStandardOutput(stream.add(bytes))
        } catch {
          if StandardStreams.isClosedPipe(error) { StandardStreams.endByClosedPipe() }
          failure = error
        }
      })
    if let failure { throw failure }
    try writeToStandardOutput(stream.finish() + "\n")
  }

  /// The most texts: as many as anybody has waited for.
  private static let sampleLimit = 100_000_000

  /// Prints texts as JSON lines.
  private func printSamples(
    _ count: Int, of transformer: Transformer, _ tokenizer: Tokenizer, _ sampling: SamplingOptions,
    _ console: Console
  ) throws {
    Interruption.install()
    let clock = ContinuousClock()
    let start = clock.now
    var (done, made) = (0, 0)
    try transformer.continuations(
      count, of: prompt, with: tokenizer, tokenCount: tokens, sampling: sampling
    ) { text, tokenCount in
      let line = JSONValue.object(["text": .string(prompt + text)]).serialized(pretty: false)
      do throws(FileError) {
        try writeToStandardOutput(String(decoding: line, as: UTF8.self) + "\n")
      } catch {
        if StandardStreams.isClosedPipe(error) { StandardStreams.endByClosedPipe() }
        throw error
      }
      done += 1
      made += tokenCount
      let seconds = start.duration(to: clock.now) / .seconds(1)
      console.progress(
        ProgressUpdate(
          phase: "generating", completed: done, total: count, unit: "texts",
          detail: "\(groupDigits(Int(Double(made) / max(seconds, 1e-3)))) tokens/s"))
      return !Interruption.isRequested
    }
    console.finishProgress()
    if done < count, Interruption.isRequested {
      throw Interrupted(after: "\(done) of \(count) texts")
    }
  }
}
