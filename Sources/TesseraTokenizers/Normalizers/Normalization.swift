private import CICU

/// How text is normalized before it is split: one of Unicode's normalization forms, or not at all.
///
/// ICU does the work on the few places that need it, and the result is that of Hugging Face's
/// normalizers: those know Unicode 9.0, so characters that later versions added are left as they
/// are, and nothing is composed with them or moved over them. Bytes that are not UTF-8 stay.
public enum Normalization: String, CaseIterable, Hashable, Sendable {
  case none, nfc, nfd, nfkc, nfkd

  /// The normalized text, or `nil` if the text is normalized already.
  ///
  /// - Complexity: O(*n* log *n*) time in the length of the longest run of combining marks, else
  ///   linear. Text that is already normalized is only looked at.
  public func normalized(_ bytes: Span<UInt8>) -> [UInt8]? {
    normalized(bytes, segmentLimit: Self.segmentLimit)
  }

  /// The normalized text, with a given limit instead of ``segmentLimit``.
  package func normalized(_ bytes: Span<UInt8>, segmentLimit: Int) -> [UInt8]? {
    guard self != .none else { return nil }
    let start = asciiPrefixSize(of: bytes)
    if start == bytes.count { return nil }
    return NormalizationForm.of(self).normalized(
      bytes, from: start, segmentLimit: segmentLimit)
  }

  /// How many code points ICU gets at once where it can be helped: ICU counts in 32 bits.
  ///
  /// Longer stretches are cut where the parts do not depend on each other. Only a run of combining
  /// marks has no such place; one with more than four times the limit is normalized in parts.
  private static let segmentLimit = 1 << 26

  /// Whether the character at a position stays as it is, whatever is before it, and changes nothing
  /// there; bytes that are not UTF-8 do not count.
  func isIndependent(at position: Int, in bytes: Span<UInt8>) -> Bool {
    guard self != .none, bytes[position] >= 0x80 else { return true }
    return NormalizationForm.of(self).isIndependent(at: position, in: bytes)
  }

  /// The normalized text.
  public func normalized(_ bytes: [UInt8]) -> [UInt8] {
    normalized(bytes.span) ?? bytes
  }

  /// The parts of a text that may change, each with what it becomes.
  ///
  /// A part is one character if it becomes that by itself, or else a few that combine.
  func changes(in bytes: Span<UInt8>) -> [(range: Range<Int>, content: [UInt8])] {
    guard self != .none else { return [] }
    let form = NormalizationForm.of(self)
    var changes: [(range: Range<Int>, content: [UInt8])] = []
    form.forEachChange(of: bytes, from: 0, segmentLimit: Self.segmentLimit) { range, scalars in
      var position = range.lowerBound
      for (part, content) in form.parts(of: scalars) {
        let size = part.reduce(0) { $0 + (Unicode.Scalar($1).map { UTF8.width($0) } ?? 1) }
        changes.append((position..<position + size, content))
        position += size
      }
    }
    return changes
  }

  /// How many bytes at the beginning are ASCII, which no form changes; a multiple of eight, or all.
  private func asciiPrefixSize(of bytes: Span<UInt8>) -> Int {
    // SAFETY: eight bytes are loaded only where there are eight.
    unsafe bytes.withUnsafeBytes { buffer in
      var index = 0
      while index + 8 <= buffer.count,
        unsafe buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080
          == 0
      {
        index += 8
      }
      while index < buffer.count, unsafe buffer[index] < 0x80 { index += 1 }
      return index
    }
  }
}

/// One of ICU's normalizers, with what is needed to leave most text alone.
@safe
private final class NormalizationForm: Sendable {
  /// What a code point asks for.
  private enum Kind {
    /// Unchanged, and independent of what is before it; it may change with what follows.
    static let quick: UInt8 = 0
    /// ICU has to look.
    static let changing: UInt8 = 1
    /// Left alone, and a wall between its neighbors.
    static let inert: UInt8 = 2
  }

  private let kinds: [UInt8]
  /// Whether the form also replaces characters that are only compatible.
  private let isCompatibility: Bool
  nonisolated(unsafe) private let normalizer: UnsafeRawPointer

  /// The version of Unicode that Hugging Face's normalizers know, major times 256 plus minor.
  private static let knownAge: Int32 = 9 << 8
  /// Planes from here on have no characters that normalization changes.
  private static let codeLimit = 0x30000

  private static let nfc = NormalizationForm(0)
  private static let nfd = NormalizationForm(1)
  private static let nfkc = NormalizationForm(2)
  private static let nfkd = NormalizationForm(3)

  static func of(_ normalization: Normalization) -> NormalizationForm {
    switch normalization {
    case .none, .nfc: nfc
    case .nfd: nfd
    case .nfkc: nfkc
    case .nfkd: nfkd
    }
  }

  private init(_ form: Int32) {
    // ICU's four forms are part of the library itself, not of its data file.
    guard let normalizer = unsafe icu_normalizer(form) else {
      preconditionFailure("ICU lacks its built-in normalizers")
    }
    unsafe self.normalizer = normalizer
    isCompatibility = form >= 2
    var kinds = [UInt8](repeating: Kind.quick, count: Self.codeLimit)
    for code in 0x80..<Self.codeLimit where !(0xD800..<0xE000).contains(code) {
      // Ideographs, Hangul aside, are most of the code points and none of the work.
      if (0x3400..<0xA000).contains(code) || (0x20000..<0x2F800).contains(code) { continue }
      let scalar = Int32(code)
      // SAFETY: `normalizer` is one of ICU's shared, immutable instances.
      if unsafe icu_is_inert(normalizer, scalar) { continue }
      if icu_age(scalar) > Self.knownAge || icu_age(scalar) == 0 {
        kinds[code] = Kind.inert
      } else if unsafe !icu_is_quick(normalizer, scalar) {
        kinds[code] = Kind.changing
      }
    }
    self.kinds = kinds
  }

  @inline(__always)
  private func kind(of code: UInt32) -> UInt8 {
    code < Self.codeLimit ? kinds[Int(code)] : Kind.quick
  }

  /// As ``Normalization/isIndependent(at:in:)`` says.
  func isIndependent(at position: Int, in bytes: Span<UInt8>) -> Bool {
    guard let code = decode(bytes, at: position).code else { return false }
    return kind(of: code) == Kind.quick
  }

  /// Normalizes a text whose first `start` bytes are ASCII; `nil` if nothing changes.
  func normalized(_ bytes: Span<UInt8>, from start: Int, segmentLimit: Int) -> [UInt8]? {
    var output: [UInt8] = []
    /// How much of `bytes` is in `output`.
    var copied = 0
    forEachChange(of: bytes, from: start, segmentLimit: segmentLimit) { range, scalars in
      append(bytes, copied..<range.lowerBound, to: &output)
      appendNormalized(&scalars, to: &output)
      copied = range.upperBound
    }
    if copied == 0 { return nil }
    append(bytes, copied..<bytes.count, to: &output)
    return output
  }

  /// Calls the body with each stretch that ICU has to look at, and its code points.
  func forEachChange(
    of bytes: Span<UInt8>, from start: Int, segmentLimit: Int,
    _ body: (Range<Int>, inout [UInt32]) -> Void
  ) {
    var position = start
    // Where the last quick character before `position` begins: what follows may change it.
    var segmentStart = max(0, start - 1)
    var scalars: [UInt32] = []
    while position < bytes.count {
      let (code, size) = decode(bytes, at: position)
      guard let code else {
        position += 1
        segmentStart = position
        continue
      }
      let found = kind(of: code)
      if found != Kind.changing {
        segmentStart = found == Kind.quick ? position : position + size
        position += size
        continue
      }
      // Up to the next character that does not depend on what is before it.
      scalars.removeAll(keepingCapacity: true)
      var end = segmentStart
      while end < bytes.count {
        let (code, size) = decode(bytes, at: end)
        guard let code, end < position || kind(of: code) == Kind.changing else { break }
        if scalars.count >= segmentLimit, canCut(before: code, scalars.count, segmentLimit) {
          break
        }
        scalars.append(code)
        end += size
      }
      body(segmentStart..<end, &scalars)
      segmentStart = end
      position = end
    }
  }

  /// Some code points in parts that are normalized by themselves, as small as they can be.
  func parts(of scalars: [UInt32]) -> [(part: [UInt32], content: [UInt8])] {
    var groups: [[UInt32]] = []
    for scalar in scalars {
      if groups.isEmpty || hasBoundary(before: scalar) {
        groups.append([scalar])
      } else {
        groups[groups.count - 1].append(scalar)
      }
    }
    return split(scalars, into: groups).flatMap { part, content in
      part.count == 1 ? [(part, content)] : split(part, into: part.map { [$0] })
    }
  }

  /// Parts with their normalized texts, or the whole with its own, if that is not the same.
  private func split(
    _ whole: [UInt32], into parts: [[UInt32]]
  ) -> [(part: [UInt32], content: [UInt8])] {
    let content = normalized(whole)
    let contents = parts.map(normalized)
    return contents.flatMap(\.self) == content
      ? Array(zip(parts, contents)).map { ($0, $1) } : [(whole, content)]
  }

  private func normalized(_ scalars: [UInt32]) -> [UInt8] {
    var scalars = scalars
    var output: [UInt8] = []
    appendNormalized(&scalars, to: &output)
    return output
  }

  /// Whether a stretch of so many code points may end before another one.
  private func canCut(before code: UInt32, _ count: Int, _ segmentLimit: Int) -> Bool {
    hasBoundary(before: code) || count >= 4 * segmentLimit
  }

  /// Whether what is before a code point does not change what it and what follows become.
  func hasBoundary(before code: UInt32) -> Bool {
    // SAFETY: `normalizer` is one of ICU's shared, immutable instances.
    unsafe icu_has_boundary_before(normalizer, Int32(code))
  }

  private func append(_ bytes: Span<UInt8>, _ range: Range<Int>, to output: inout [UInt8]) {
    // SAFETY: the span's own bounds check guards the range.
    unsafe bytes.extracting(range).withUnsafeBufferPointer {
      unsafe output.append(contentsOf: $0)
    }
  }

  private func appendNormalized(_ scalars: inout [UInt32], to output: inout [UInt8]) {
    expandHiddenMarks(&scalars)
    sortMarks(&scalars)
    var units: [UInt16] = []
    units.reserveCapacity(scalars.count * 2)
    for scalar in scalars {
      if scalar < 0x10000 {
        units.append(UInt16(scalar))
      } else {
        units.append(UInt16(0xD7C0 + scalar >> 10))
        units.append(UInt16(0xDC00 | scalar & 0x3FF))
      }
    }
    var result = [UInt16](repeating: 0, count: units.count * 3 + 16)
    // SAFETY: both arrays live through the call, with their counts.
    var count = unsafe Int(
      icu_normalize(normalizer, units, Int32(units.count), &result, Int32(result.count)))
    if count > result.count {
      result = [UInt16](repeating: 0, count: count)
      count = unsafe Int(
        icu_normalize(normalizer, units, Int32(units.count), &result, Int32(result.count)))
    }
    precondition(count >= 0, "ICU fails only for lack of memory")
    output.append(contentsOf: String(decoding: result[0..<count], as: UTF16.self).utf8)
  }

  /// Replaces characters of combining class 0 that stand for marks alone by these marks.
  ///
  /// They take part in the ordering of marks, and there are no others in Unicode 9.0.
  private func expandHiddenMarks(_ scalars: inout [UInt32]) {
    guard scalars.contains(where: { marks(hiddenIn: $0) != nil }) else { return }
    var expanded: [UInt32] = []
    expanded.reserveCapacity(scalars.count * 2)
    for scalar in scalars {
      if let (first, second) = marks(hiddenIn: scalar) {
        expanded.append(first)
        if let second { expanded.append(second) }
      } else {
        expanded.append(scalar)
      }
    }
    scalars = expanded
  }

  private func marks(hiddenIn scalar: UInt32) -> (UInt32, UInt32?)? {
    switch scalar {
    case 0x0F73: (0x0F71, 0x0F72)
    case 0x0F75: (0x0F71, 0x0F74)
    case 0x0F81: (0x0F71, 0x0F80)
    case 0xFF9E where isCompatibility: (0x3099, nil)
    case 0xFF9F where isCompatibility: (0x309A, nil)
    default: nil
    }
  }

  /// Puts long runs of combining marks in canonical order.
  ///
  /// ICU inserts marks one by one, which is quadratic; the order that it makes is the same.
  private func sortMarks(_ scalars: inout [UInt32]) {
    var index = 0
    while index < scalars.count {
      guard icu_combining_class(Int32(scalars[index])) != 0 else {
        index += 1
        continue
      }
      var end = index + 1
      while end < scalars.count, icu_combining_class(Int32(scalars[end])) != 0 { end += 1 }
      if end - index > 32 {
        // The position makes the sort stable.
        let keyed = (index..<end).map { position in
          UInt64(icu_combining_class(Int32(scalars[position]))) << 32 | UInt64(position)
        }
        let sorted = keyed.sorted().map { scalars[Int($0 & 0xFFFF_FFFF)] }
        scalars.replaceSubrange(index..<end, with: sorted)
      }
      index = end
    }
  }

  /// The scalar at a position and its size, or `nil` and 1 where there is no well-formed UTF-8.
  @inline(__always)
  private func decode(_ bytes: Span<UInt8>, at position: Int) -> (code: UInt32?, size: Int) {
    UTF8Decoding.scalar(in: bytes, at: position)
  }
}
