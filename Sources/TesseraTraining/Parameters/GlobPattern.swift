/// A pattern for names of tensors: `*` stands for any characters, `?` for one, all else for itself.
///
///     GlobPattern("model.layers.*.mlp.*").matches("model.layers.3.mlp.up_proj.weight")   // true
public struct GlobPattern: Hashable, Sendable, CustomStringConvertible {
  /// The pattern as text.
  public let description: String

  /// A pattern.
  public init(_ text: String) { description = text }

  /// Whether the pattern is about the whole of a name.
  ///
  /// - Complexity: O(pattern · name) time at the most.
  public func matches(_ name: String) -> Bool {
    let pattern = Array(description.utf8)
    let name = Array(name.utf8)
    var (p, n) = (0, 0)
    // The last star, and how much of the name it stands for: when something behind it does not fit,
    // it takes one character more.
    var star: (pattern: Int, name: Int)?
    while n < name.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        star = (p, n)
        p += 1
      } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == name[n] {
        p += 1
        n += 1
      } else if let last = star {
        star = (last.pattern, last.name + 1)
        p = last.pattern + 1
        n = last.name + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
