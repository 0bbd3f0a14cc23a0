extension String {
  /// In lower case, with the sigma that ends a word: the standard library maps each character by itself.
  ///
  /// The Unicode Standard 15, section 3.13, Final_Sigma.
  func lowercasedWithFinalSigma() -> String {
    if !unicodeScalars.contains("Σ") { return lowercased() }
    let scalars = Array(unicodeScalars)
    func isCased(_ context: some Sequence<Unicode.Scalar>) -> Bool {
      context.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
    }
    var result = ""
    for (i, scalar) in scalars.enumerated() {
      let isFinal =
        scalar == "Σ" && isCased(scalars[..<i].reversed()) && !isCased(scalars[(i + 1)...])
      result += isFinal ? "ς" : scalar.properties.lowercaseMapping
    }
    return result
  }
}
