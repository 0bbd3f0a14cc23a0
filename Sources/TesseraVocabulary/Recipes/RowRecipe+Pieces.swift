extension RowRecipe {
  /// The weighted mean of the rows of some tokens; a token that stands twice counts twice.
  ///
  /// - Parameters:
  ///   - rows: The rows of the tokens.
  ///   - weights: How much each counts; they are divided by their sum.
  /// - Precondition: There are as many weights as rows, none is negative, and one is above zero.
  public static func mean(of rows: [Int], weights: [Double]) -> RowRecipe {
    precondition(rows.count == weights.count, "each row has a weight")
    let total = weights.reduce(0, +)
    precondition(total > 0 && weights.allSatisfy { $0 >= 0 }, "weights are those of a mean")
    var terms: [Term] = []
    // Equal rows are added up in the order in which they stand.
    for i in rows.indices.sorted(by: { (rows[$0], $0) < (rows[$1], $1) }) {
      if let last = terms.indices.last, terms[last].row == rows[i] {
        terms[last].weight += weights[i] / total
      } else {
        terms.append(Term(row: rows[i], weight: weights[i] / total))
      }
    }
    return RowRecipe(terms: terms)
  }

  /// The mean of the rows of some tokens; a token that stands twice counts twice.
  ///
  /// - Precondition: There is a token.
  public static func mean(of rows: [Int]) -> RowRecipe {
    mean(of: rows, weights: [Double](repeating: 1, count: rows.count))
  }
}

extension NewTokens {
  /// The rows of the base tokens that new token `index` replaces, in order.
  func pieceRows(of index: Int) -> [Int] { pieces(of: index).map { Int($0) } }
}
