public import TesseraBasics
internal import TesseraCheckpoints
internal import TesseraTokenizers

/// A new row is drawn around the mean of the base tokens of its script, with their deviation.
///
///   row(t)[i] ~ N(mean_s[i], deviation_s[i]^2),   s the script of most characters of t
///
/// Mean and deviation are those over the base tokens whose script is s, added tokens left out: the letters
/// of a marker such as `<|reserved_7|>` say nothing of its row. Tokens without a script, such as numbers and
/// parts of characters, and those of scripts that few base tokens have, are drawn from the statistics of
/// all.
///
/// Downey, Blevins, Goldfine and Steinert-Threlkeld, "Embedding Structure Matters: Comparing Methods to
/// Adapt Multilingual Vocabularies to New Languages", 2023, arXiv:2309.04679; the least number of base
/// tokens is of Tessera.
public struct ScriptInitializer: RowInitializer {
  /// How many base tokens a script must have for statistics of its own.
  public let minimumCount: Int

  /// The method with the number of base tokens that a script must have.
  public init(minimumCount: Int = 16) {
    precondition(minimumCount > 0, "statistics are of something")
    self.minimumCount = minimumCount
  }

  /// False: independent components leave the hull.
  public var staysInHull: Bool { false }

  /// The number of base tokens that a script must have.
  public var settings: JSONObject { ["minimum_count": JSONValue(minimumCount)] }

  /// The mean of all rows, and offsets from there.
  ///
  /// - Complexity: O((base tokens + new tokens) * width) time, O((scripts + new tokens) * width) memory.
  public func recipes(
    for role: MatrixRole, in context: InitializationContext, seed: UInt64
  ) throws(VocabularyError) -> RowRecipes {
    let added = Set(context.tokenizer.addedTokens.map(\.id))
    let scripts = context.tokenRows.joined().map { row -> TokenScript? in
      if added.contains(TokenID(row)) { return nil }
      return context.tokenizer.tokens.bytes(of: TokenID(row)).flatMap {
        TokenScript(of: Array($0))
      }
    }
    var counts: [TokenScript: Int] = [:]
    for case let script? in scripts { counts[script, default: 0] += 1 }
    // Rows of each script that new tokens have, as ranges.
    var statistics: [TokenScript: MatrixStatistics] = [:]
    let newScripts = (0..<context.tokens.count).map {
      TokenScript(of: context.tokens.bytes(of: $0))
    }
    for script in Set(newScripts.compactMap { $0 })
    where counts[script, default: 0] >= minimumCount {
      let rows = zip(context.tokenRows.joined(), scripts).filter { $1 == script }
      statistics[script] = try MatrixStatistics(of: context.matrix, rows: rows.map(\.0).runs)
    }
    let width = context.matrix.width
    var recipes = RowRecipes(for: context.tokens) { _ in RowRecipe(meanWeight: 1) }
    recipes.offsets.reserveCapacity(newScripts.count * width)
    for (index, script) in newScripts.enumerated() {
      let statistics = script.flatMap { statistics[$0] } ?? context.statistics
      var random = SplitMix64(seed: seed, stream: UInt64(index))
      for i in 0..<width {
        let value = statistics.mean[i] + statistics.deviation[i] * random.normal()
        recipes.offsets.append(Float(value - context.statistics.mean[i]))
      }
    }
    return recipes
  }
}
