internal import TesseraTensors

/// The point of a convex hull that is nearest to another point, as far as it is known: a convex combination of
/// some of the hull's vertices.
///
///   minimize over w >= 0, sum w = 1:   | u - sum over i of w[i] x[i] |²
///
/// Vertices are added one by one, each the one that lies farthest in the direction from the combination to u,
/// and after each the weights of all of them are made as good as they get: by pairwise steps, which move weight
/// from the vertex where it does most harm to the one where it does most good, with exact line search. These
/// steps need the products of the vertices alone.
///
/// Wolfe, "Finding the nearest point in a polytope", 1976, for the choice of vertices; Lacoste-Julien and
/// Jaggi, "On the Global Linear Convergence of Frank-Wolfe Optimization Variants", 2015, arXiv:1511.05932, for
/// pairwise steps, the fully corrective variant, and the gap.
struct HullProjection: Sendable {
  /// u.
  private let point: [Double]
  /// The vertices, by their numbers.
  private(set) var vertices: [Int] = []
  private var rows: [[Double]] = []
  /// The weights of the vertices.
  private(set) var weights: [Double] = []
  /// Whether weights are as good as they get: else there were too many steps to make.
  private(set) var isBalanced = false
  /// x[i] . x[j], and x[i] . u.
  private var products: [[Double]] = []
  private var pointProducts: [Double] = []

  /// More pairwise steps than these are not made after a vertex is added.
  private static let stepLimit = 2_000
  /// Weights are good when no move of one changes half the square by more than this part of |u|².
  private static let precision = 1e-12

  /// A point of which nothing is known yet.
  init(_ point: ArraySlice<Float>) { self.point = point.map { Double($0) } }

  /// |u|
  var norm: Double { Self.product(point, point).squareRoot() }

  /// u - sum of w[i] x[i]: u itself before there are vertices.
  var residual: [Double] {
    var residual = point
    for (weight, row) in zip(weights, rows) where weight != 0 {
      for i in residual.indices { residual[i] -= weight * row[i] }
    }
    return residual
  }

  /// The product of u and a direction.
  func product(with direction: [Double]) -> Double { Self.product(point, direction) }

  /// Adds a vertex that is not there yet, and gives all of them their best weights; vertices without any go.
  mutating func add(_ vertex: Int, _ values: ArraySlice<Float>) {
    if vertices.contains(vertex) { return balance() }
    let row = values.map { Double($0) }
    let column = rows.map { Self.product($0, row) }
    for i in rows.indices { products[i].append(column[i]) }
    products.append(column + [Self.product(row, row)])
    pointProducts.append(Self.product(row, point))
    vertices.append(vertex)
    rows.append(row)
    weights.append(weights.isEmpty ? 1 : 0)
    balance()
  }

  /// Leaves out the vertices without weight.
  private mutating func removeIdle() {
    for i in vertices.indices.reversed() where weights[i] <= 0 {
      vertices.remove(at: i)
      rows.remove(at: i)
      weights.remove(at: i)
      pointProducts.remove(at: i)
      products.remove(at: i)
      for k in products.indices { products[k].remove(at: i) }
    }
  }

  /// Moves weight between vertices as long as it helps.
  private mutating func balance() {
    defer { removeIdle() }
    isBalanced = false
    let count = weights.count
    var slopes = (0..<count).map { i in
      (0..<count).reduce(-pointProducts[i]) { $0 + products[i][$1] * weights[$1] }
    }
    let least = Self.precision * Self.product(point, point)
    for _ in 0..<Self.stepLimit {
      var (to, from) = (0, -1)
      for i in 0..<count {
        if slopes[i] < slopes[to] { to = i }
        if weights[i] > 0, from < 0 || slopes[i] > slopes[from] { from = i }
      }
      guard from >= 0, to != from, slopes[from] - slopes[to] > least else {
        isBalanced = true
        return
      }
      let curvature = products[to][to] + products[from][from] - 2 * products[to][from]
      var step = weights[from]
      if curvature > 0 { step = min(step, (slopes[from] - slopes[to]) / curvature) }
      if step == weights[from] { weights[from] = 0 } else { weights[from] -= step }
      weights[to] += step
      for i in 0..<count { slopes[i] += step * (products[i][to] - products[i][from]) }
    }
  }

  private static func product(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
  }
}
