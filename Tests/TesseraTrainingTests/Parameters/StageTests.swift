import TesseraBasics
import TesseraModels
import Testing

@testable import TesseraTraining

@Suite struct StageTests {
  private let newRows = RangeSet(20..<28)

  private func stages(
    _ texts: [String], common: ParameterSelection = .init(), steps: Int = 100, tied: Bool = true
  ) throws -> [TrainingStage] {
    try StageRule.stages(
      texts.map(StageRule.init(parsing:)), common: common, steps: steps,
      layout: tinyModel(tied: tied).layout, newRows: newRows, weightDecay: 0.1)
  }

  @Test func `stages follow each other, and each has the gradients of what moves`() throws {
    let layout = tinyModel().layout
    let stages = try stages([
      "5% name=rows body=0 base=0.1 new=5", "20 layers=-1", "rest train=*mlp*,*norm*",
    ])
    #expect(stages.map(\.firstStep) == [0, 5, 25])
    #expect(stages.map(\.name) == ["rows", "training, stage 2", "training, stage 3"])
    #expect(stages[0].scope == .embeddings)
    func names(_ isWanted: (String) -> Bool) -> GradientScope {
      .tensors(Set(layout.tensors.map(\.name).filter(isWanted)))
    }
    #expect(stages[1].scope == names { !$0.contains("layers.0.") })
    #expect(stages[2].scope == names { $0.contains("mlp") || $0.contains("norm") })
    #expect(try self.stages(["rest"])[0].scope == .all)
    #expect(Set(stages[0].groups.map(\.rate)) == [0.1, 5])
  }

  @Test func `a stage without a step is left out, and one in which nothing moves is refused`()
    throws
  {
    #expect(try stages(["0 body=0", "rest"]).map(\.firstStep) == [0])
    var common = ParameterSelection()
    common.frozen = [GlobPattern("*embed*")]
    #expect(throws: ParameterSelectionError.nothingTrains(stage: "training, stage 1")) {
      try stages(["5% body=0", "rest"], common: common)
    }
    #expect(throws: ScheduleError.wrongLength("stages", 105, steps: 100)) {
      try stages(["5%", "100"])
    }
  }

  @Test func `the table has a line for tensors that are alike, and the frozen ones too`() throws {
    let model = tinyModel(tied: false)
    var plan = tinyPlan(for: model, steps: 100)
    plan.stages = try stages(
      ["5% body=0 base=0.1 new=5", "rest layers=1 freeze=lm_head*"], tied: false)
    let tables = StageTable.tables(of: plan, layout: model.layout)
    #expect(tables.map(\.steps) == [0..<5, 5..<100])
    for table in tables {
      #expect(table.lines.reduce(0) { $0 + $1.parameterCount } == model.layout.count)
    }
    let first = tables[0].lines
    #expect(first[0].tensors == "model.embed_tokens.weight" && first[0].rowList == "0-19,28")
    #expect(first[0].rate == 0.1 && first[0].parameterCount == 21 * 16)
    #expect(first[1].rowList == "20-27" && first[1].rate == 5)
    let up = try #require(first.first { $0.tensors.contains("up_proj") })
    #expect(up.tensors == "model.layers.*.mlp.up_proj.weight" && up.layerList == "0-1")
    #expect(up.rate == 0 && up.rowList == "all")
    let second = tables[1].lines.filter { $0.tensors.contains("up_proj") }
    #expect(second.map(\.layerList) == ["0", "1"] && second.map(\.rate) == [0, 1])
    #expect(second[1].weightDecay == 0.1)
    #expect(tables[1].lines.first { $0.tensors == "lm_head.weight" }?.rate == 0)
    #expect(tables[1].record["tensors"]?.array?.count == tables[1].lines.count)
  }

  @Test(arguments: OptimizerKind.allCases)
  func `what is frozen keeps its bits, and the norm is that of what moves`(
    kind: OptimizerKind
  ) throws {
    let model = tinyModel(tied: false)
    var plan = tinyPlan(for: model, steps: 6)
    plan.optimizer = OptimizerOptions(kind)
    plan.stages = try StageRule.stages(
      ["2 train=model.embed_tokens*", "rest layers=1 freeze=*embed*"].map(
        StageRule.init(parsing:)), common: .init(), steps: 6, layout: model.layout,
      newRows: newRows, weightDecay: 0.1)
    var run = TrainingRun(model: model, plan: plan, data: tinyData())
    _ = try run.run()
    for tensor in model.layout.tensors {
      let isStill = run.model.parameters[tensor.range] == model.parameters[tensor.range]
      #expect(isStill == tensor.name.contains(".0."), "\(tensor.name)")
    }
    let ranges = plan.stages[0].movingRanges(layout: model.layout)
    #expect(ranges == [model.layout["model.embed_tokens.weight"]?.range])
    let whole = try stages(["rest"], tied: false)[0].movingRanges(layout: model.layout)
    #expect(whole == [0..<model.layout.count])
  }

  @Test func `plans that move other rows are not the same plan`() throws {
    let model = tinyModel()
    func record(_ text: String) throws -> JSONValue {
      var plan = tinyPlan(for: model, steps: 10)
      plan.stages = try stages([text], steps: 10)
      return plan.record
    }
    #expect(try record("rest layers=0 name=a") != record("rest layers=1 name=a"))
    #expect(try record("rest layers=0 name=a") == record("rest layers=-2 name=a"))
  }
}
