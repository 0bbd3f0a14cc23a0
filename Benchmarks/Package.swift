// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "tessera-benchmarks",
  platforms: [.macOS("26.0")],
  dependencies: [
    .package(name: "tessera", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .executableTarget(
      name: "bench",
      dependencies: [
        .product(name: "TesseraModels", package: "tessera"),
        .product(name: "TesseraTokenizers", package: "tessera"),
        .product(name: "TesseraTraining", package: "tessera"),
        .product(name: "TesseraCheckpoints", package: "tessera"),
        .product(name: "TesseraVocabulary", package: "tessera"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: [.strictMemorySafety()])
  ],
  swiftLanguageModes: [.v6]
)
