import ArgumentParser
import TesseraTraining

/// Which parameters move, and when.
struct ParameterArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Leave tensors as they are whose names are like this; * stands for any characters.",
      valueName: "pattern"))
  var freeze: [String] = []

  @Option(
    help: ArgumentHelp("Train only tensors whose names are like this.", valueName: "pattern"))
  var trainOnly: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      Of the layers, train these only: 0-9,-2--1 are the first ten and the last two. What is in no \
      layer, such as embedding and head, is trained too.
      """, valueName: "ranges"),
    transform: { text in
      guard let layers = LayerSelection(parsing: text) else {
        throw ValidationError("layers are numbers and ranges with commas between, as in 0-9,-2--1")
      }
      return layers
    })
  var layers: LayerSelection?

  @Option(
    help: ArgumentHelp(
      """
      Rate and decay of some parameters: PATTERN [rows=new|base|A-B] [rate=FACTOR] [decay=SHARE], as \
      in "*embed_tokens* rows=new rate=5". The last one that is about a row counts.
      """, valueName: "rule"), transform: ParameterRule.init(parsing:))
  var group: [ParameterRule] = []

  @Option(
    help: ArgumentHelp(
      """
      A stage: LENGTH [name=NAME] [train=PATTERN,...] [freeze=PATTERN,...] [layers=RANGES] \
      [body=FACTOR] [base=FACTOR] [new=FACTOR], where factors are on the learning rate of all but \
      embedding and head, of rows of base tokens, and of new ones, as in "5% body=0 base=0.1 new=5". \
      Give one for each, in order.
      """, valueName: "rule"), transform: StageRule.init(parsing:))
  var stage: [StageRule] = []

  /// What is chosen for all stages.
  var selection: ParameterSelection {
    var selection = ParameterSelection()
    selection.frozen = freeze.map(GlobPattern.init)
    selection.trainOnly = trainOnly.map(GlobPattern.init)
    selection.layers = layers
    selection.rules = group
    return selection
  }
}
