// Spherical linear interpolation of two tensors.
//
// Tensors are taken for vectors a and b of all their elements. With the angle θ between them, cos θ = a·b / |a||b|,
// and a share t of b:
//
//   output = sin((1 - t) θ) / sin θ · a + sin(t θ) / sin θ · b
//
// Vectors that are nearly parallel, |cos θ| > 0.9995, or one of which is zero, have no great circle between them
// that could be told from a line: there the output is (1 - t) · a + t · b. The bound is that of mergekit.
//
// Shoemake, "Animating Rotation with Quaternion Curves", 1985.

internal import TesseraTensors

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The sums over two tensors that the angle between them follows from.
struct SphericalInterpolation: Sendable {
  /// From this cosine on, of whatever sign, tensors count as parallel.
  static let parallelCosine = 0.9995

  private var product = 0.0
  private var squares = (first: 0.0, second: 0.0)

  /// Sums up over vectors of the same length.
  init(_ first: Span<Float>, _ second: Span<Float>) {
    product = innerProduct(first, second)
    squares = (innerProduct(first, first), innerProduct(second, second))
  }

  /// Sums up over parts, in their order.
  init(_ parts: [SphericalInterpolation]) {
    for part in parts {
      product += part.product
      squares.first += part.squares.first
      squares.second += part.squares.second
    }
  }

  /// The weights of the two tensors; nil where they are interpolated on a line.
  ///
  /// - Parameter share: That of the second tensor, between 0 and 1.
  func weights(share: Double) -> (first: Double, second: Double)? {
    let norms = squares.first.squareRoot() * squares.second.squareRoot()
    let cosine = product / norms
    // Also false where a number is none: then elements are looked at one by one.
    guard norms > 0, abs(cosine) <= Self.parallelCosine else { return nil }
    let angle = acos(cosine)
    let sine = sin(angle)
    return (sin((1 - share) * angle) / sine, sin(share * angle) / sine)
  }
}
