public import ArgumentParser
public import TesseraVocabulary

extension InitializationMethod: ExpressibleByArgument {}
extension MergeMethod: ExpressibleByArgument {}
extension PaddingPolicy: ExpressibleByArgument {}
extension ReservedPolicy: ExpressibleByArgument {}
extension RestoredTokens: ExpressibleByArgument {}
extension VectorlessRows: ExpressibleByArgument {}
extension VectorInputs.Unit: ExpressibleByArgument {}
extension WordVectorOptions.Architecture: ExpressibleByArgument {}
