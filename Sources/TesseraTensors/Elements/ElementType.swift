/// How a checkpoint stores a number: as 32, 16 brain, or 16 half-precision bits.
///
/// We compute in ``f32``; the two short types exist in files. The raw value is the name that
/// safetensors headers use. Bytes are little-endian, as in every format that we read.
///
/// Reading a short type is exact. Writing rounds to nearest, ties to even; numbers too large for
/// ``f16`` become infinite, and a not-a-number stays one.
public enum ElementType: String, CaseIterable, Hashable, Sendable {
  /// IEEE 754 binary32.
  case f32 = "F32"
  /// The upper half of a binary32: 8 bits of exponent, 7 of fraction.
  case bf16 = "BF16"
  /// IEEE 754 binary16: 5 bits of exponent, 10 of fraction.
  case f16 = "F16"

  /// The size of one element in bytes.
  public var byteSize: Int {
    switch self {
    case .f32: 4
    case .bf16, .f16: 2
    }
  }
}

extension ElementType {
  /// Converts stored elements to floats.
  ///
  /// - Precondition: `bytes` holds exactly one element for each float of `output`.
  public func decode(_ bytes: RawSpan, into output: inout MutableSpan<Float>) {
    precondition(
      bytes.byteCount == output.count * byteSize, "the bytes must fill the floats exactly")
    switch self {
    case .f32:
      for i in 0..<output.count {
        output[i] = Float(bitPattern: word32(of: bytes, at: 4 * i))
      }
    case .bf16:
      for i in 0..<output.count {
        output[i] = BFloat16(bitPattern: word16(of: bytes, at: 2 * i)).floatValue
      }
    case .f16:
      for i in 0..<output.count {
        output[i] = HalfFloat(bitPattern: word16(of: bytes, at: 2 * i)).floatValue
      }
    }
  }

  /// Converts stored elements to floats.
  ///
  /// - Precondition: `bytes` holds exactly one element for each float of `output`.
  public func decode(_ bytes: Span<UInt8>, into output: inout MutableSpan<Float>) {
    // SAFETY: bytes have no padding and every bit pattern of theirs is initialized.
    let raw = unsafe bytes.bytes
    decode(raw, into: &output)
  }

  /// Converts floats to stored elements, rounding to nearest, ties to even.
  ///
  /// - Precondition: `output` has room for exactly one element for each float of `values`.
  public func encode(_ values: Span<Float>, into output: inout MutableSpan<UInt8>) {
    precondition(
      output.count == values.count * byteSize, "the floats must fill the bytes exactly")
    switch self {
    case .f32:
      for i in 0..<values.count {
        let word = values[i].bitPattern
        output[4 * i] = UInt8(truncatingIfNeeded: word)
        output[4 * i + 1] = UInt8(truncatingIfNeeded: word >> 8)
        output[4 * i + 2] = UInt8(truncatingIfNeeded: word >> 16)
        output[4 * i + 3] = UInt8(truncatingIfNeeded: word >> 24)
      }
    case .bf16:
      for i in 0..<values.count {
        let word = BFloat16(values[i]).bitPattern
        output[2 * i] = UInt8(truncatingIfNeeded: word)
        output[2 * i + 1] = UInt8(truncatingIfNeeded: word >> 8)
      }
    case .f16:
      for i in 0..<values.count {
        let word = HalfFloat(values[i]).bitPattern
        output[2 * i] = UInt8(truncatingIfNeeded: word)
        output[2 * i + 1] = UInt8(truncatingIfNeeded: word >> 8)
      }
    }
  }

  /// Converts stored elements to a new array of floats.
  ///
  /// - Precondition: The number of bytes is a multiple of ``byteSize``.
  public func floats(from bytes: [UInt8]) -> [Float] {
    precondition(bytes.count % byteSize == 0, "the bytes must be whole elements")
    var output = [Float](repeating: 0, count: bytes.count / byteSize)
    var span = output.mutableSpan
    decode(bytes.span, into: &span)
    return output
  }

  /// Converts floats to a new array of stored elements, rounding to nearest, ties to even.
  public func bytes(of values: [Float]) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: values.count * byteSize)
    var span = output.mutableSpan
    encode(values.span, into: &span)
    return output
  }
}

/// The little-endian 16-bit word at a byte offset.
@inline(__always)
private func word16(of bytes: RawSpan, at offset: Int) -> UInt16 {
  precondition(offset >= 0 && offset <= bytes.byteCount - 2)
  // SAFETY: the two bytes are inside the span by the check above, and any bits are a valid UInt16.
  let word = unsafe bytes.unsafeLoadUnaligned(
    fromUncheckedByteOffset: offset, as: UInt16.self)
  return UInt16(littleEndian: word)
}

/// The little-endian 32-bit word at a byte offset.
@inline(__always)
private func word32(of bytes: RawSpan, at offset: Int) -> UInt32 {
  precondition(offset >= 0 && offset <= bytes.byteCount - 4)
  // SAFETY: the four bytes are inside the span by the check above, and any bits are a valid UInt32.
  let word = unsafe bytes.unsafeLoadUnaligned(
    fromUncheckedByteOffset: offset, as: UInt32.self)
  return UInt32(littleEndian: word)
}
