/// The general category of a code point in Unicode 16.0; surrogates count as unassigned.
enum GeneralCategory: UInt8, CaseIterable {
  // The order is that of Scripts/generate-unicode-tables.py.
  case cn, lu, ll, lt, lm, lo, mn, mc, me, nd, nl, no, pc, pd, ps, pe, pi, pf, po, sm, sc, sk, so
  case zs, zl, zp, cc, cf, co

  /// The categories that a name of `\p{…}` stands for, or `nil` if it is no category's name.
  ///
  /// - Parameter name: In lower case, without spaces, hyphens and underscores.
  static func named(_ name: String) -> [GeneralCategory]? {
    let short = longNames[name] ?? name
    if short == "lc" { return [.lu, .ll, .lt] }
    guard (1...2).contains(short.utf8.count) else { return nil }
    // One letter is the group of all categories that begin with it.
    let found = allCases.filter {
      short.utf8.count == 1 ? "\($0)".hasPrefix(short) : "\($0)" == short
    }
    return found.isEmpty ? nil : found
  }

  private static let longNames = [
    "letter": "l", "casedletter": "lc", "uppercaseletter": "lu", "lowercaseletter": "ll",
    "titlecaseletter": "lt", "modifierletter": "lm", "otherletter": "lo", "mark": "m",
    "combiningmark": "m", "nonspacingmark": "mn", "spacingmark": "mc", "enclosingmark": "me",
    "number": "n", "decimalnumber": "nd", "letternumber": "nl", "othernumber": "no",
    "punctuation": "p", "punct": "p", "connectorpunctuation": "pc", "dashpunctuation": "pd",
    "openpunctuation": "ps", "closepunctuation": "pe", "initialpunctuation": "pi",
    "finalpunctuation": "pf", "otherpunctuation": "po", "symbol": "s", "mathsymbol": "sm",
    "currencysymbol": "sc", "modifiersymbol": "sk", "othersymbol": "so", "separator": "z",
    "spaceseparator": "zs", "lineseparator": "zl", "paragraphseparator": "zp", "other": "c",
    "control": "cc", "cntrl": "cc", "format": "cf", "privateuse": "co", "unassigned": "cn",
    "digit": "nd",
  ]

  /// What pre-tokenizers ask for.
  var characterClass: CharacterClass {
    switch self {
    // Titlecase letters begin words like capitals do.
    case .lu, .lt: .upper
    case .ll: .lower
    case .lm, .lo: .letter
    case .mn, .mc, .me: .mark
    case .nd, .nl, .no: .number
    case .pc, .pd, .ps, .pe, .pi, .pf, .po: .punctuation
    case .sm, .sc, .sk, .so: .symbol
    case .cn, .zs, .zl, .zp, .cc, .cf, .co: []
    }
  }
}
