import ArgumentParser
import TesseraBasics
import TesseraTensors

/// `bench product`: the matrix products of a training step, in f32 by OpenBLAS and in bf16 by our own kernels.
///
/// Prints a line for each shape and form with billions of operations in a second for each method, and a line
/// for all products of a step. Methods take turns; the fastest round counts, by processor time where there is
/// one thread and by elapsed time where there are more.
struct ProductCase: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "product", abstract: "Multiply matrices of the shapes of a model.")

  @Option(help: "llama-23m, llama-60m or gpt2-124m.") var model = ProductModel.llama23M
  @Option(help: "The number of threads.") var threads = 1
  @Option(help: "How often each product is computed.") var rounds = 5

  func run() throws {
    guard rounds > 0 else { throw ValidationError("--rounds must be at least 1") }
    Workers.setThreadCount(threads)
    let methods = ProductTrial.methods
    var stepSeconds = methods.map { _ in 0.0 }
    var stepOperations = 0.0
    for shape in model.shapes {
      let trial = ProductTrial(tokens: shape.tokens, outputs: shape.outputs, inputs: shape.inputs)
      let operations = 2.0 * Double(shape.tokens) * Double(shape.outputs) * Double(shape.inputs)
      for form in ProductTrial.Form.allCases {
        let seconds = try measure(trial, form, inner: shape.inner(form))
        var line = JSONObject()
        line["weight"] = JSONValue(shape.name)
        line["form"] = JSONValue(form.rawValue)
        line["tokens"] = JSONValue(shape.tokens)
        line["outputs"] = JSONValue(shape.outputs)
        line["inputs"] = JSONValue(shape.inputs)
        for (method, time) in zip(methods, seconds) {
          line[method.rawValue] = JSONValue((operations / time / 1e8).rounded() / 10)
        }
        printLine(.object(line))
        for index in methods.indices { stepSeconds[index] += seconds[index] * shape.count }
        stepOperations += operations * shape.count
      }
    }
    var line = JSONObject()
    line["model"] = JSONValue(model.rawValue)
    line["threads"] = JSONValue(threads)
    line["openblas_core"] = JSONValue(matrixProductCoreName())
    line["bf16_instruction_set"] = JSONValue(bfloat16InstructionSet() ?? "none")
    line["billion_operations"] = JSONValue((stepOperations / 1e9).rounded())
    for (method, time) in zip(methods, stepSeconds) {
      line[method.rawValue] = JSONValue((stepOperations / time / 1e8).rounded() / 10)
    }
    printLine(.object(line))
  }

  /// The least seconds of each method, after a round that is compared with the definition.
  private func measure(
    _ trial: ProductTrial, _ form: ProductTrial.Form, inner: Int
  ) throws -> [Double] {
    let methods = ProductTrial.methods
    for method in methods {
      if method != .library { trial.pack(for: form) }
      trial.multiply(form, by: method)
      let error = trial.largestError(form, by: method)
      guard error <= Double(inner + 2) * 0x1p-24 else {
        throw WrongResult(description: "\(form) by \(method) is off by \(error) of its products")
      }
    }
    var least = methods.map { _ in Double.infinity }
    for _ in 0..<rounds {
      for (index, method) in methods.enumerated() {
        let (_, time) = bench.measure { trial.multiply(form, by: method) }
        least[index] = min(least[index], threads == 1 ? time.processorSeconds : time.seconds)
      }
    }
    return least
  }
}

/// A weight of a model, and how often it is multiplied in a step, all layers and chunks of tokens counted.
struct ProductShape {
  let name: String
  let tokens: Int
  let outputs: Int
  let inputs: Int
  let count: Double

  /// The number of products that an element of a form is the sum of.
  func inner(_ form: ProductTrial.Form) -> Int {
    switch form {
    case .forward: inputs
    case .inputGradient: outputs
    case .weightGradient: tokens
    }
  }
}

/// Models whose products are measured.
enum ProductModel: String, CaseIterable, ExpressibleByArgument {
  /// Llama with 6 layers of width 384 and 32,000 tied tokens; 8 sequences of 256 tokens.
  case llama23M = "llama-23m"
  /// Llama with 8 layers of width 640 and 32,000 tied tokens; 8 sequences of 256 tokens.
  case llama60M = "llama-60m"
  /// GPT-2 with 12 layers of width 768 and 50,257 tied tokens; 4 sequences of 256 tokens.
  case gpt2 = "gpt2-124m"

  /// The weights of a layer, then the head, whose logits are computed for 512 tokens at a time.
  var shapes: [ProductShape] {
    let headTokens = 512
    func shapes(
      tokens: Int, layers: Double, width: Int, up: Int, down: Int, vocabulary: Int
    ) -> [ProductShape] {
      func shape(_ name: String, _ outputs: Int, _ inputs: Int) -> ProductShape {
        ProductShape(name: name, tokens: tokens, outputs: outputs, inputs: inputs, count: layers)
      }
      return [
        shape("query-key-value", 3 * width, width), shape("attention-output", width, width),
        shape("up", up, width), shape("down", width, down),
        ProductShape(
          name: "head", tokens: headTokens, outputs: vocabulary, inputs: width,
          count: Double(tokens) / Double(headTokens)),
      ]
    }
    return switch self {
    case .llama23M:
      shapes(tokens: 2_048, layers: 6, width: 384, up: 2_048, down: 1_024, vocabulary: 32_000)
    case .llama60M:
      shapes(tokens: 2_048, layers: 8, width: 640, up: 3_456, down: 1_728, vocabulary: 32_000)
    case .gpt2:
      shapes(tokens: 1_024, layers: 12, width: 768, up: 3_072, down: 3_072, vocabulary: 50_257)
    }
  }
}
