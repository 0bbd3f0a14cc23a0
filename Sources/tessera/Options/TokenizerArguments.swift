public import ArgumentParser
public import TesseraTokenizers

extension PreTokenizerPattern: ExpressibleByArgument {}
extension Normalization: ExpressibleByArgument {}
extension TieOrder: ExpressibleByArgument {}
extension ParityUnit: ExpressibleByArgument {}
