extension RowRecipes {
  /// The recipes of new elements of a head's bias, where these are the recipes of the head's rows.
  ///
  ///   element(t) = meanWeight * mean + sum over k of terms[k].weight * bias[terms[k].row]
  ///
  /// A logit is `row . state + bias`, so a bias is one more component of its row, for a component of the
  /// state that is always 1: with the weights of the row, a row in the convex hull of the base's rows stays
  /// there with its bias. Where a recipe has no weights, as for rows drawn at random, the element is the
  /// mean. What changes the size of rows, which is scales, offsets and noise, says nothing about biases.
  var forBiases: RowRecipes {
    var result = RowRecipes()
    for recipe in self {
      let hasWeights = !recipe.terms.isEmpty || recipe.meanWeight != 0
      result.append(
        RowRecipe(terms: recipe.terms, meanWeight: hasWeights ? recipe.meanWeight : 1))
    }
    return result
  }
}
