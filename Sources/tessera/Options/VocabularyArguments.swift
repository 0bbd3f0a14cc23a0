public import ArgumentParser
public import TesseraVocabulary

extension InitializationMethod: ExpressibleByArgument {}
extension PaddingPolicy: ExpressibleByArgument {}
