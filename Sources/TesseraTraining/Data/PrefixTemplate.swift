/// The text of a prefix, with places for fields of the document.
///
/// A field is a name in braces, of letters, digits, `_`, `-` and `.`; other braces are text.
///
///     PrefixTemplate("URL: {url}\n\n").text(for: ["url": "example.org"])    // "URL: example.org\n\n"
public struct PrefixTemplate: Hashable, Sendable {
  private enum Part: Hashable, Sendable {
    case text(String)
    case field(String)
  }

  private var parts: [Part] = []

  /// Reads a template.
  public init(_ text: String) {
    var plain = ""
    var rest = text[...]
    while let brace = rest.firstIndex(of: "{") {
      let name = rest[rest.index(after: brace)...].prefix { $0 != "}" && $0 != "{" }
      let isField =
        !name.isEmpty && name.endIndex < rest.endIndex && rest[name.endIndex] == "}"
        && name.allSatisfy { $0.isLetter || $0.isNumber || "_-.".contains($0) }
      plain += rest[..<brace]
      guard isField else {
        plain += "{"
        rest = rest[rest.index(after: brace)...]
        continue
      }
      if !plain.isEmpty { parts.append(.text(plain)) }
      plain = ""
      parts.append(.field(String(name)))
      rest = rest[rest.index(after: name.endIndex)...]
    }
    plain += rest
    if !plain.isEmpty { parts.append(.text(plain)) }
  }

  /// The fields that it has places for, each once.
  public var fields: [String] {
    var fields: [String] = []
    for case .field(let name) in parts where !fields.contains(name) { fields.append(name) }
    return fields
  }

  /// The prefix of a document; nil where it lacks a field.
  public func text(for metadata: [String: String]) -> String? {
    var text = ""
    for part in parts {
      switch part {
      case .text(let plain): text += plain
      case .field(let name):
        guard let value = metadata[name] else { return nil }
        text += value
      }
    }
    return text
  }
}
