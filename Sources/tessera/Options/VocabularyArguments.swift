public import ArgumentParser
public import TesseraVocabulary

extension InitializationMethod: ExpressibleByArgument {}
extension PaddingPolicy: ExpressibleByArgument {}
extension ReservedPolicy: ExpressibleByArgument {}
extension VectorlessRows: ExpressibleByArgument {}
extension VectorInputs.Unit: ExpressibleByArgument {}
extension WordVectorOptions.Architecture: ExpressibleByArgument {}
