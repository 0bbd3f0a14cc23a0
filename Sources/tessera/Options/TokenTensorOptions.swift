import ArgumentParser
import TesseraCheckpoints

/// The names of embedding and head, for models of a type that is not known.
struct TokenTensorOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The tensor with the rows that the model reads, if its type is not known.",
      valueName: "name"))
  var embeddingTensor: String?

  @Option(
    help: ArgumentHelp(
      """
      The same for the rows that it writes, if it has a head of its own. A bias beside it is found by its \
      name.
      """, valueName: "name"))
  var headTensor: String?

  /// The first of these options that is given.
  var givenOption: String? {
    embeddingTensor != nil ? "--embedding-tensor" : headTensor != nil ? "--head-tensor" : nil
  }

  var names: TokenTensorNames { TokenTensorNames(embedding: embeddingTensor, head: headTensor) }
}
