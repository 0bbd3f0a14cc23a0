internal import TesseraBasics
internal import TesseraTokenizers

/// What `extension.json` says of how new rows were made; its layout is in `ExtensionRecord.swift`.
struct InitializationRecord {
  let seed: UInt64
  /// What became of the matrices.
  let matrices: [ExtensionReport.Matrix]
  /// What became of the biases.
  let biases: [ExtensionReport.Bias]
  /// The matrices with their recipes, in the same order.
  let prepared: [PreparedMatrix]
  /// The file with offsets of rows, if there is one.
  var offsets: FileHash?

  /// The member `initialization`.
  var json: JSONObject {
    var result = JSONObject()
    result["seed"] = JSONValue(seed)
    for role in MatrixRole.allCases {
      guard let index = matrices.firstIndex(where: { $0.role == role }) else {
        result[role.rawValue] = .null
        continue
      }
      let (found, recipes) = (matrices[index], prepared[index].synthesizer.recipes)
      let settings = prepared[index].settings
      var entry = JSONObject()
      entry["tensor"] = .string(found.tensor)
      if !found.copies.isEmpty { entry["copies"] = .array(found.copies.map { .string($0) }) }
      entry["method"] = .string(found.method.rawValue)
      if !settings.isEmpty { entry["settings"] = .object(settings) }
      entry["stays_in_hull"] = .bool(recipes.areConvex)
      entry["noise"] = noise(recipes.noise)
      entry["base_mean_norm"] = JSONValue(found.baseMeanNorm)
      entry["new_mean_norm"] = JSONValue(found.newNorms.mean)
      entry["new_smallest_norm"] = JSONValue(found.newNorms.smallest)
      entry["new_largest_norm"] = JSONValue(found.newNorms.largest)
      result[role.rawValue] = .object(entry)
    }
    if let offsets { result["offsets"] = offsets.json }
    if !biases.isEmpty {
      result["biases"] = .array(
        biases.map { bias in
          [
            "tensor": .string(bias.tensor),
            "base_mean_magnitude": JSONValue(bias.baseMeanMagnitude),
            "new_mean_magnitude": JSONValue(bias.newMagnitudes.mean),
            "new_smallest_magnitude": JSONValue(bias.newMagnitudes.smallest),
            "new_largest_magnitude": JSONValue(bias.newMagnitudes.largest),
          ]
        })
    }
    return result
  }

  private func noise(_ noise: RowNoise) -> JSONValue {
    switch noise {
    case .none: .null
    case .isotropic(let deviation): ["kind": "isotropic", "deviation": JSONValue(deviation)]
    case .diagonal(let factor): ["kind": "diagonal", "factor": JSONValue(factor)]
    case .covariance(let factor): ["kind": "covariance", "factor": JSONValue(factor)]
    }
  }

  /// The line of one new token.
  func token(_ index: Int, of tokens: NewTokens) -> JSONValue {
    let bytes = tokens.bytes(of: index)
    var result = JSONObject()
    result["id"] = JSONValue(tokens.id(of: index))
    result["bytes"] = .string(SHA256.hexadecimal(bytes))
    result["text"] = .string(String(decoding: bytes, as: UTF8.self))
    if !tokens.merges.isEmpty { result["count"] = JSONValue(tokens.merge(of: index).count) }
    result["pieces"] = .array(tokens.pieces(of: index).map { JSONValue($0) })
    for matrix in prepared {
      let recipe = matrix.synthesizer.recipes[index]
      var entry = JSONObject()
      if !recipe.terms.isEmpty {
        entry["terms"] = .array(recipe.terms.map { [JSONValue($0.row), JSONValue($0.weight)] })
      }
      if recipe.meanWeight != 0 { entry["mean"] = JSONValue(recipe.meanWeight) }
      if recipe.scale != 1 { entry["scale"] = JSONValue(recipe.scale) }
      if !recipe.hasNoise { entry["has_noise"] = false }
      if let norm = matrix.synthesizer.recipes.offsetNorm(of: index) {
        entry["offset_norm"] = JSONValue(norm)
      }
      result[matrix.role.rawValue] = .object(entry)
    }
    return .object(result)
  }
}
