import TesseraBasics
import TesseraModels
import Testing

@testable import TesseraTraining

@Suite struct ParameterSelectionTests {
  private let newRows = RangeSet([20..<24, 26..<28])

  /// The rate and the decay of every parameter; nil where it is frozen.
  private func rates(
    _ selection: ParameterSelection, tied: Bool = false
  ) throws -> (layout: ParameterLayout, rates: [Double?], decays: [Double?]) {
    let layout = tinyModel(tied: tied).layout
    var rates = [Double?](repeating: nil, count: layout.count)
    var decays = rates
    for group in try selection.groups(layout: layout, newRows: newRows, weightDecay: 0.1) {
      for member in group.members {
        let tensor = layout.tensors[member.tensor]
        let width = tensor.range.count / tensor.rowCount
        for i in member.rows.lowerBound * width..<member.rows.upperBound * width {
          let place = tensor.range.lowerBound + i
          #expect(rates[place] == nil, "twice in a group")
          rates[place] = group.rate
          decays[place] = group.weightDecay
        }
      }
    }
    return (layout, rates, decays)
  }

  @Test(arguments: [true, false]) func `without a choice everything moves at one rate`(
    tied: Bool
  ) throws {
    let (layout, rates, decays) = try rates(ParameterSelection(), tied: tied)
    #expect(rates.allSatisfy { $0 == 1 })
    for tensor in layout.tensors {
      #expect(decays[tensor.range].allSatisfy { $0 == (tensor.role == .matrix ? 0.1 : 0) })
    }
  }

  @Test func `layers, patterns and kinds freeze what they do not name`() throws {
    var selection = ParameterSelection()
    selection.layers = LayerSelection(parsing: "-1")
    selection.frozen = [GlobPattern("*.mlp.*")]
    selection.baseRowRate = 0.5
    selection.newRowRate = 2
    let (layout, rates, _) = try rates(selection)
    for tensor in layout.tensors {
      let found = rates[tensor.range]
      if tensor.hasTokenRows {
        for row in 0..<29 {
          let expected = newRows.contains(row) ? 2 : 0.5
          let start = found.startIndex + row * 16
          #expect(found[start..<start + 16].allSatisfy { $0 == expected })
        }
      } else {
        let isFrozen = tensor.name.contains(".0.") || tensor.name.contains(".mlp.")
        #expect(found.allSatisfy { $0 == (isFrozen ? nil : 1) }, "\(tensor.name)")
      }
    }
    selection = ParameterSelection()
    selection.trainOnly = [GlobPattern("*embed_tokens*"), GlobPattern("lm_head*")]
    let only = try self.rates(selection)
    for tensor in only.layout.tensors {
      #expect(only.rates[tensor.range].allSatisfy { ($0 != nil) == tensor.hasTokenRows })
    }
  }

  @Test func `the last rule about a row counts, and freezing is stronger`() throws {
    var selection = ParameterSelection()
    selection.rules = try [
      "* rate=3", "*.mlp.* decay=0.5", "model.embed_tokens.weight rows=new rate=5",
      "model.embed_tokens.weight rows=3-4 rate=7 decay=0.2", "lm_head.weight rows=base rate=0",
      "*.1.mlp.up_proj.weight rows=2-2 rate=9",
    ].map(ParameterRule.init(parsing:))
    selection.frozen = [GlobPattern("*.0.mlp.*")]
    let (layout, rates, decays) = try rates(selection)
    for tensor in layout.tensors {
      for row in 0..<tensor.rowCount {
        let width = tensor.range.count / tensor.rowCount
        let start = tensor.range.lowerBound + row * width
        let isMLP = tensor.name.contains(".mlp.")
        var (rate, decay): (Double?, Double?) = (3, tensor.role == .matrix ? 0.1 : 0)
        if isMLP { decay = 0.5 }
        if tensor.name == "model.embed_tokens.weight" {
          if newRows.contains(row) { rate = 5 }
          if (3...4).contains(row) { (rate, decay) = (7, 0.2) }
        }
        if tensor.role == .head, !newRows.contains(row) { (rate, decay) = (nil, nil) }
        if tensor.name.contains(".1.mlp.up_proj"), row == 2 { rate = 9 }
        if isMLP, tensor.name.contains(".0.") { (rate, decay) = (nil, nil) }
        #expect(rates[start..<start + width].allSatisfy { $0 == rate }, "\(tensor.name), \(row)")
        #expect(decays[start..<start + width].allSatisfy { $0 == decay }, "\(tensor.name), \(row)")
      }
    }
  }

  @Test func `names, rows and layers that the model does not have are refused`() throws {
    func error(_ change: (inout ParameterSelection) throws -> Void) throws
      -> ParameterSelectionError?
    {
      var selection = ParameterSelection()
      try change(&selection)
      do throws(ParameterSelectionError) {
        _ = try selection.groups(
          layout: tinyModel().layout, newRows: newRows, weightDecay: 0)
        return nil
      } catch {
        return error
      }
    }
    #expect(
      try error { $0.frozen = [GlobPattern("embed")] }
        == .noSuchTensor(pattern: "embed", example: "model.norm.weight"))
    #expect(
      try error { $0.rules = [try ParameterRule(parsing: "lm_head* rate=1")] }
        == .noSuchTensor(pattern: "lm_head*", example: "model.norm.weight"))
    #expect(
      try error { $0.rules = [try ParameterRule(parsing: "*.mlp.* rows=new rate=1")] }
        == .noTokenRows(pattern: "*.mlp.*"))
    #expect(
      try error { $0.rules = [try ParameterRule(parsing: "*embed* rows=5-29 rate=1")] }
        == .noSuchRows(5..<30, tensor: "model.embed_tokens.weight", rowCount: 29))
    #expect(
      try error { $0.layers = LayerSelection(parsing: "2") }
        == .noSuchLayers("2", layerCount: 2))
  }

  @Test(
    arguments: [
      ("", "begin with"), ("a b rate=1", "begin with"), ("rate=1", "begin with"), ("a", "neither"),
      ("a rows=new", "neither"), ("a rate=-1", "between 0 and 1000"), ("a rate=nan", "between"),
      ("a decay=11", "between 0 and 10"), ("a rows=5-4 rate=1", "two numbers"),
      ("a rows=1 rate=1", "two numbers"), ("a rows=0-9223372036854775807 rate=1", "two numbers"),
      ("a speed=1", "\"speed\" is none of"),
    ] as [(String, String)])
  func `a rule that cannot be understood is refused`(text: String, reason: String) {
    #expect {
      try ParameterRule(parsing: text)
    } throws: { error in
      guard case .malformedRule(text, let found) = error as? ParameterSelectionError else {
        return false
      }
      return found.contains(reason)
    }
  }

  @Test(
    arguments: [
      ("", "begin with"), ("x", "begin with"), ("name=a", "begin with"), ("5% 6%", "begin with"),
      ("5% layers=a", "no list of layers"), ("5% body=-1", "between"),
      ("5% head=1", "none of name"),
    ] as [(String, String)])
  func `a stage that cannot be understood is refused`(text: String, reason: String) {
    #expect {
      try StageRule(parsing: text)
    } throws: { error in
      guard case .malformedRule(text, let found) = error as? ParameterSelectionError else {
        return false
      }
      return found.contains(reason)
    }
  }
}
