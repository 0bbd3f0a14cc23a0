import ArgumentParser
import TesseraTokenizers
import TesseraVocabulary

/// The tokenizer that takes the place of a model's own, instead of new tokens on top of it.
struct ReplacementArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Replace the model's tokenizer by this one over bytes, a folder or a file: tokenizer.json, a rank \
      file (.tiktoken), vocab.json with merges.txt, tekken.json, or tokenizer.tessera. Tokens that both \
      have keep their rows, the others get new ones.
      """, valueName: "path"), completion: .file())
  var replaceTokenizer: String?

  @Option(
    help: """
      How --replace-tokenizer splits text, for a rank file or a vocab.json that does not say it.
      """,
    transform: PreTokenizerPattern.parse)
  var pattern: PreTokenizerPattern?

  @Option(
    help: ArgumentHelp(
      """
      An added token of the model that is another one in --replace-tokenizer, as OLD=NEW: the new one \
      takes its roles, such as ending a text, and its row unless it has one. (repeatable)
      """, valueName: "old=new"))
  var mapToken: [String] = []

  mutating func validate() throws {
    if replaceTokenizer == nil {
      if !mapToken.isEmpty { throw ValidationError("--map-token needs --replace-tokenizer") }
      if pattern != nil { throw ValidationError("--pattern needs --replace-tokenizer") }
    }
    // Something on both sides of a sign.
    for argument in mapToken where !argument.dropFirst().dropLast().contains("=") {
      throw ValidationError("--map-token must be OLD=NEW, not \"\(argument)\"")
    }
  }

  /// The added tokens of a model that are others.
  ///
  /// A token may have the sign of equality in it: what stands before one of them is the longest text that
  /// is an added token, or else what stands before the first.
  func mappings(of base: Tokenizer) -> [TokenMapping] {
    let added = Set(base.addedTokens.map { Array($0.content.utf8) })
    return mapToken.compactMap { argument in
      let signs = argument.indices.dropFirst().dropLast().filter { argument[$0] == "=" }
      let sign = signs.last { added.contains(Array(argument[..<$0].utf8)) } ?? signs.first
      return sign.map { sign in
        TokenMapping(
          old: String(argument[..<sign]), new: String(argument[argument.index(after: sign)...]))
      }
    }
  }

  /// Refuses options that have no meaning where a tokenizer is replaced, and methods that cannot make rows
  /// there.
  ///
  /// - Parameters:
  ///   - other: The first option that is given and is for new tokens on top of the model's own.
  ///   - methods: The methods of the embedding and the head.
  ///   - vectors: What methods read that go by vectors of words.
  ///   - readsCorpus: Whether a corpus is given.
  func check(
    against other: String?, methods: [InitializationMethod], vectors: VectorOptions,
    readsCorpus: Bool
  ) throws {
    if let other {
      throw ValidationError("\(other) and --replace-tokenizer exclude each other")
    }
    if let method = methods.first(where: \.needsExtension) {
      throw ValidationError("\(VocabularyError.methodNeedsExtension(method))")
    }
    let learns = methods.contains(where: \.usesVectors) && vectors.vectors == nil
    if learns, !readsCorpus {
      throw ValidationError(
        "\(methods.first(where: \.usesVectors)?.rawValue ?? "") needs --corpus or --vectors")
    }
    if readsCorpus, !learns {
      throw ValidationError("nothing reads --corpus: with --replace-tokenizer no tokens are chosen")
    }
  }
}
