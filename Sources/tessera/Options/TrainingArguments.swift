public import ArgumentParser
import TesseraTensors
public import TesseraTraining

extension ModelSize: ExpressibleByArgument {}

/// The number format of stored weights, as the command line spells it.
enum StoredPrecision: String, CaseIterable, ExpressibleByArgument {
  case f32, bf16, f16

  /// The type of the elements.
  var elementType: ElementType {
    switch self {
    case .f32: .f32
    case .bf16: .bf16
    case .f16: .f16
    }
  }
}
