extension String {
  /// In lower case, with the sigma that ends a word: the standard library maps each character by itself.
  ///
  /// The Unicode Standard 15, section 3.13, Final_Sigma.
  func lowercasedWithFinalSigma() -> String {
    unicodeScalars.contains("Σ") ? lowercaseMappings.joined() : lowercased()
  }

  /// Each scalar in lower case, a sigma as where it stands.
  var lowercaseMappings: [String] {
    let scalars = Array(unicodeScalars)
    func isCased(_ context: some Sequence<Unicode.Scalar>) -> Bool {
      context.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
    }
    return scalars.enumerated().map { i, scalar in
      let isFinal =
        scalar == "Σ" && isCased(scalars[..<i].reversed()) && !isCased(scalars[(i + 1)...])
      return isFinal ? "ς" : scalar.properties.lowercaseMapping
    }
  }
}
