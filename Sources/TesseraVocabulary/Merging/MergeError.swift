public import TesseraCheckpoints
public import TesseraTensors
public import TesseraTokenizers

/// What keeps models from being merged.
public enum MergeError: Error, Equatable, Sendable {
  /// A part of a list of layers is not of the form that it should have.
  case malformedLayers(String)
  /// A layer is given that the model does not have.
  case noSuchLayer(Int, layerCount: Int)
  /// A layer is given twice, with different shares.
  case layerGivenTwice(Int, first: Double, second: Double)
  /// No tensor of a model has a number in its name, or none behind the given prefix.
  case noLayers(directory: String, prefix: String?)
  /// The tensors of a model have numbers behind several names.
  case severalStacks(directory: String, prefixes: [String])
  /// A model is of another type than the first one.
  case otherModelType(path: String, found: String, expected: String)
  /// A tensor of one model is missing from another one.
  case missingTensor(String, in: String, of: String)
  /// A tensor has another shape than the same one of the first model.
  case otherShape(tensor: String, path: String, found: [Int], of: String, expected: [Int])
  /// One model uses its embedding as its head, and the other does not.
  case tyingDiffers(tied: String, untied: String)
  /// An ID belongs to different tokens.
  case tokenDiffers(TokenID, found: String, in: String, expected: String, of: String)
  /// The first model lacks a token of another one.
  case tokenMissing(TokenID, token: String, in: String, of: String)
  /// A tensor of a type that is only copied is not the same in all models.
  case onlyCopied(tensor: String, type: StoredType, path: String, other: String)
  /// A number in a tensor is infinite or none, and not the same in all models.
  case notFinite(tensor: String, element: Int, path: String)
  /// A number of the result is too large for its type.
  case overflow(tensor: String, element: Int, type: ElementType)
}

extension MergeError: CustomStringConvertible {
  /// One sentence: what was found, and what was expected.
  public var description: String {
    switch self {
    case .malformedLayers(let entry):
      "\"\(entry)\" is no layer with its share: LAYER:SHARE, FIRST-LAST:SHARE or *:SHARE is expected, with "
        + "shares from 0 to 1"
    case .noSuchLayer(let layer, let layerCount):
      "there is no layer \(layer): the model has \(layerCount), from 0 on, or from -1 on counted from its end"
    case .layerGivenTwice(let layer, let first, let second):
      "layer \(layer) is given twice, with the shares \(first) and \(second)"
    case .noLayers(let directory, let prefix):
      "\(directory): no tensor has a number "
        + (prefix.map { "behind \"\($0).\"" } ?? "in its name") + ", by which layers are known"
    case .severalStacks(let directory, let prefixes):
      "\(directory): tensors have numbers behind several names, "
        + prefixes.map { "\"\($0)\"" }.joined(separator: ", ")
        + "; say with --layer-prefix which are the layers"
    case .otherModelType(let path, let found, let expected):
      "\(path): \"model_type\" is \"\(found)\", and \"\(expected)\" is expected as in the model named first"
    case .missingTensor(let tensor, let directory, let other):
      "\(directory): no file has the tensor \"\(tensor)\", which is in \(other)"
    case .otherShape(let tensor, let path, let found, let other, let expected):
      "\(path): tensor \"\(tensor)\" has the shape \(found), and \(expected) is expected as in \(other); only "
        + "embedding, head and their biases may differ in the number of rows, and of models of an unknown type "
        + "they are named with --embedding-tensor and --head-tensor"
    case .tyingDiffers(let tied, let untied):
      "\(tied) uses its embedding as its head, and \(untied) has a head of its own: they have no common tensors"
    case .tokenDiffers(let id, let found, let directory, let expected, let other):
      "\(directory): token \(id) is \"\(found)\", and \"\(expected)\" is expected as in \(other); only models "
        + "whose tokenizers agree on the tokens of the smaller one can be merged"
    case .tokenMissing(let id, let token, let directory, let other):
      "\(directory): there is no token \(id), which is \"\(token)\" in \(other); the model with all tokens has "
        + "to be the one named first, with --model"
    case .onlyCopied(let tensor, let type, let path, let other):
      "tensor \"\(tensor)\" has the element type \(type.rawValue), which is only copied, and is not the same in "
        + "\(path) and \(other)"
    case .notFinite(let tensor, let element, let path):
      "\(path): element \(element) of tensor \"\(tensor)\" is not a finite number, and not the same in all models"
    case .overflow(let tensor, let element, let type):
      "element \(element) of the merged tensor \"\(tensor)\" is too large for \(type.rawValue); choose another "
        + "type with --dtype"
    }
  }
}
