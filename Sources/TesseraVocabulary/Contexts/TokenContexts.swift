internal import TesseraBasics
internal import TesseraTokenizers

/// Where new tokens stand in a text, and which tokens stand around them.
///
/// The text is kept as tokens, with the positions of all new ones: 8 bytes a token.
struct TokenContexts: Sendable {
  /// A token that stands around another one, and how much it counts.
  struct Neighbor: Hashable, Sendable {
    /// The token.
    var token: TokenID
    /// Its share of all that stands around; the shares of all neighbors add up to 1.
    var weight: Double
  }

  /// More places than these are not looked at; those that are lie evenly among all.
  private static let placeLimit = 2_048
  /// Stands between documents.
  private static let boundary = TokenID.max

  /// How often each token stands in the text, by its ID.
  let counts: [Int]
  private let text: [TokenID]
  /// The places of new token i are `places[starts[i] ..< starts[i + 1]]`.
  private var places: [UInt32] = []
  private var starts: [Int] = [0]

  /// Looks through a text.
  ///
  /// - Parameters:
  ///   - documents: Tokens, of which those with the first of the IDs are new.
  ///   - ids: The IDs of the new tokens, after all others but those that they take the places of.
  ///   - newTokenCount: How many tokens are new.
  ///   - tokenCountLimit: What comes after so many tokens is left out.
  /// - Complexity: O(tokens).
  init(
    _ documents: [[TokenID]], ids: NewTokenIDs, newTokenCount: Int,
    tokenCountLimit: Int = Int(UInt32.max) / 2
  ) {
    var text: [TokenID] = []
    for document in documents where text.count < tokenCountLimit {
      text.append(contentsOf: document.prefix(tokenCountLimit - text.count))
      text.append(Self.boundary)
    }
    let size = Int(ids.next) + max(0, newTokenCount - ids.listed.count)
    var counts = [Int](repeating: 0, count: size)
    for token in text where Int(token) < size { counts[Int(token)] += 1 }
    for index in 0..<newTokenCount {
      starts.append(starts[starts.count - 1] + counts[Int(ids[index])])
    }
    places = [UInt32](repeating: 0, count: starts[starts.count - 1])
    var next = starts
    for (place, token) in text.enumerated() {
      guard let index = ids.index(of: token), index < newTokenCount else { continue }
      places[next[index]] = UInt32(place)
      next[index] += 1
    }
    self.text = text
    self.counts = counts
  }

  /// The tokens that stand around a new token, the one that counts most first, then by ID.
  ///
  /// A token next to it counts `window` times as much as one `window` places away, as in word2vec,
  /// which draws the width of each window at random.
  ///
  /// - Parameters:
  ///   - index: The index of the new token.
  ///   - window: How far to look in both directions; documents are not crossed.
  ///   - limit: The most neighbors.
  ///   - importance: By ID, a factor for each token.
  func neighbors(
    of index: Int, window: Int, limit: Int, importance: [Double]
  ) -> [Neighbor] {
    let range = starts[index]..<starts[index + 1]
    let count = min(range.count, Self.placeLimit)
    var found: [Neighbor] = []
    for k in 0..<count {
      let place = Int(places[range.lowerBound + k * range.count / count])
      for direction in [-1, 1] {
        for distance in 1...window {
          let other = place + direction * distance
          guard text.indices.contains(other), text[other] != Self.boundary else { break }
          let token = text[other]
          let weight = Double(window - distance + 1) * importance[Int(token)]
          if weight > 0 { found.append(Neighbor(token: token, weight: weight)) }
        }
      }
    }
    return Self.normalized(found, limit: limit)
  }

  /// Adds up the weights of equal tokens, and scales those that count most to a sum of 1.
  private static func normalized(_ found: [Neighbor], limit: Int) -> [Neighbor] {
    var merged: [Neighbor] = []
    for neighbor in found.sorted(by: { $0.token < $1.token }) {
      if let last = merged.indices.last, merged[last].token == neighbor.token {
        merged[last].weight += neighbor.weight
      } else {
        merged.append(neighbor)
      }
    }
    merged.sort { ($1.weight, $0.token) < ($0.weight, $1.token) }
    merged = Array(merged.prefix(limit))
    let total = merged.reduce(0) { $0 + $1.weight }
    for i in merged.indices { merged[i].weight /= total }
    return merged
  }
}
