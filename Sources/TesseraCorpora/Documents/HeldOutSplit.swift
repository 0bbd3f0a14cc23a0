import TesseraBasics

/// Which documents are kept from training, in order to measure with them.
///
/// A document is held out if the hash of its bytes is below a threshold. So the split does not
/// depend on the order of documents or files, on threads, or on which other documents there are;
/// and copies of a document are on the same side. About the chosen share of documents is held out,
/// and about that share of bytes, if no document is very large.
///
///     let split = HeldOutSplit(fraction: 0.01)
///     let isForTraining = !split.isHeldOut(document.bytes)
public struct HeldOutSplit: Hashable, Sendable {
  /// The share of documents that is held out, from 0 to 1.
  public let fraction: Double
  /// Another seed holds out other documents.
  public let seed: UInt64
  private let threshold: UInt64

  /// A split that holds out a share of the documents.
  ///
  /// - Precondition: `fraction` is from 0 to 1.
  public init(fraction: Double, seed: UInt64 = 0) {
    precondition((0...1).contains(fraction), "the fraction is from 0 to 1")
    self.fraction = fraction
    self.seed = seed
    threshold = fraction == 1 ? .max : UInt64(fraction * 0x1p64)
  }

  /// Whether a document is held out.
  public func isHeldOut(_ bytes: [UInt8]) -> Bool {
    isHeldOut(hash: StableHash.hash(of: bytes, seed: seed))
  }

  /// Whether a document with this `StableHash` is held out; its seed is that of the split.
  ///
  /// For documents that come in pieces.
  public func isHeldOut(hash: UInt64) -> Bool {
    fraction == 1 || hash < threshold
  }
}
