internal import TesseraBasics

extension Tokenizer {
  /// Texts that encoding and decoding does not give back.
  ///
  /// Over bytes, a text or, under a normalization form, its normal form has to come back exactly.
  /// Other pipelines lose something by design, and the result says so.
  func roundTrip() -> AuditResult {
    let texts = RoundTripTexts.texts(for: self)
    guard decodesBytes, let steps = steps.byteLevel, !steps.addsPrefixSpace else {
      return AuditResult(
        "texts that do not come back", .fault, examined: 0,
        remark: "the pipeline does not keep texts as they are")
    }
    // What is beside an added token that strips is lost, and parts between added tokens are normalized
    // each by itself.
    let isExact = keepsBytes
    let policies: [SpecialTokenPolicy] = isExact ? [.none, .all] : [.none]
    var result = AuditResult(
      "texts that do not come back", .fault, examined: texts.count * policies.count)
    for text in texts {
      let expected = isExact ? text : steps.normalization.normalized(text)
      for policy in policies {
        guard let ids = try? encode(text, special: policy), let decoded = try? decode(ids) else {
          result.add("a text cannot be decoded: \(TokenizerError.text(of: text.span).shortened())")
          continue
        }
        let isSame = decoded == expected || !isExact && hasAddedToken(text)
        if !isSame {
          result.add(
            "a text comes back as another: \(TokenizerError.text(of: text.span).shortened())")
        }
      }
    }
    return result
  }

  private func hasAddedToken(_ text: [UInt8]) -> Bool {
    guard let ids = try? encode(text, special: .all) else { return false }
    return ids.contains { id in addedTokens.contains { $0.id == id } }
  }
}

/// Texts that tokenizers have stumbled over.
enum RoundTripTexts {
  /// The texts, those that spell the tokenizer's own added tokens among them.
  static func texts(for tokenizer: Tokenizer) -> [[UInt8]] {
    var texts = words.map { Array($0.utf8) } + invalid
    texts.append(Array(UInt8.min...UInt8.max))
    texts += [0x61, 0x20, 0x0A, 0x30, 0x80, 0xFF].map { Array(repeating: $0, count: 5_000) }
    var random = SplitMix64(seed: 1)
    for size in [1, 2, 3, 7, 31, 300] {
      texts.append((0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    }
    for token in tokenizer.addedTokens.prefix(16) {
      texts += [
        "\(token.content)", "x\(token.content)\(token.content) y", " \(token.content.dropLast())",
      ]
      .map { Array($0.utf8) }
    }
    return texts
  }

  private static let words = [
    "", "One fine day in the middle of the night.", "don't WE'LL they'Re I'm", " leading",
    "trailing ",
    "a  b   c\t\td \u{A0}e\u{3000}f", "line\nline\r\nline\r\n\r\n \n\t\n", "\n\n\n   \n   x   \n",
    "0 12 123 1234 1234567 3.14159 ٣٤٥ १२३ ½ Ⅷ", "camelCaseHTTPServer_v2 snake_case kebab-case",
    "/* code */ if (x<=y){return \"a\\n\";}//end", "Ġalready Ċspelled Äĥbytes ▁marks",
    "Größe naïve café cafe\u{301} Ünï", "i̇İıI ſs ŉ ﬁ ﬀ ǅ", "\u{1112}\u{1161}\u{11AB}글 한글 강물이",
    "नदी पुरानी क्षि र्क", "川は古い水車のそばを流れる。ｶﾞ ガ カ\u{3099}", "我们去河边。𠮷野家 㐀",
    "العَرَبِيَّة \u{202E}abc\u{202C} שָׁלוֹם", "ภาษาไทยไม่เว้นวรรค", "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇰🇷🇩🇪 ☺️",
    "Z\u{300}\u{301}\u{302}\u{303}\u{304}\u{330}\u{331}a\u{325}\u{30A} \u{344}\u{958}\u{2126}\u{212B}",
    "\u{0}\u{1}\u{7F}\u{80}\u{9F}\u{AD}", "\u{FEFF}text\u{FEFF}",
    "\u{FFFD}\u{FFFE}\u{FFFF}\u{10FFFF}",
    "\u{E000}\u{F8FF}\u{F0000}", "\u{200B}\u{200C}\u{200D}\u{2028}\u{2029}\u{85}",
    "<0x0A><unk><s></s><|endoftext|>[CLS]",
  ]

  /// Overlong, surrogates, cut characters, continuation bytes alone, and a lead that never was.
  private static let invalid: [[UInt8]] = [
    [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80],
    [0xF4, 0x90, 0x80, 0x80],
    [0x61, 0xE4, 0xB8], [0xE4, 0xB8, 0x20, 0xAD], [0x80, 0xBF, 0x80], [0xF0, 0x9F, 0x98],
    [0xF8, 0x88],
    [0xC3, 0x28, 0x61, 0xC3],
  ]
}
