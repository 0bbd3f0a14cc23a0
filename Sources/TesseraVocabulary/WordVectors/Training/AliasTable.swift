internal import TesseraBasics

/// Draws indices in proportion to weights, in constant time.
///
/// Walker, "An Efficient Method for Generating Discrete Random Variables with General Distributions",
/// 1977, doi:10.1145/355744.355749, set up as Vose does, 1991, doi:10.1109/32.92917.
struct AliasTable: Sendable {
  /// How likely an index is to be itself when it is drawn.
  private var shares: [Double]
  /// What it is else.
  private var aliases: [Int32]

  /// A table for weights.
  ///
  /// - Precondition: None is negative, and one is above zero.
  init(_ weights: [Double]) {
    let total = weights.reduce(0, +)
    precondition(total > 0 && weights.allSatisfy { $0 >= 0 }, "weights are those of a draw")
    shares = weights.map { $0 / total * Double(weights.count) }
    aliases = weights.indices.map { Int32($0) }
    var small = shares.indices.filter { shares[$0] < 1 }
    var large = shares.indices.filter { shares[$0] >= 1 }
    while let poor = small.popLast(), let rich = large.last {
      aliases[poor] = Int32(rich)
      shares[rich] -= 1 - shares[poor]
      if shares[rich] < 1 {
        large.removeLast()
        small.append(rich)
      }
    }
    // What rounding has left over in either list is its own alias, and so always itself.
  }

  /// The next index.
  @inline(__always)
  func draw(_ random: inout SplitMix64) -> Int {
    let index = random.below(shares.count)
    return random.uniform() < shares[index] ? index : Int(aliases[index])
  }
}
