# Two commands do everything: `make demo` and `make test`. The rest is for those who work on Tessera.

SWIFT ?= swift
TESSERA = .build/release/tessera

# An inherited pin makes OpenBLAS use older kernels at half the speed.
unexport OPENBLAS_CORETYPE

.PHONY: help demo test bench corpora interop docs format lint build dependencies clean

help:
	@echo "make demo      install what is missing, build, adapt the built-in model, print the table"
	@echo "make test      build and run every test"
	@echo "make bench     measure against the peers (needs make corpora)"
	@echo "make corpora   build large real corpora in corpora/ out of Debian's documentation"
	@echo "make interop   compare with tokenizers, tiktoken, rustbpe, transformers and torch"
	@echo "make docs      build the documentation site in docs-output/"
	@echo "make format    lay the code out; make lint only checks"

demo: build
	@Scripts/demo.sh

test: dependencies
	$(SWIFT) test

bench: build
	@Benchmarks/run.sh

corpora: dependencies
	@Scripts/install-dependencies.sh --for corpora
	python3 corpora-samples/build-corpora.py --output corpora

interop: build
	@Scripts/interop.sh

MODULES = Basics Corpora Tensors Tokenizers Checkpoints Vocabulary Models Training

# A link that leads nowhere fails the build.
docs: dependencies
	TESSERA_DOCS=1 $(SWIFT) package --allow-writing-to-directory docs-output \
	  generate-documentation $(addprefix --target Tessera,$(MODULES)) --warnings-as-errors \
	  --enable-experimental-combined-documentation --output-path docs-output

format:
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests Snippets Benchmarks

lint:
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests Snippets Benchmarks
	@Scripts/check-unsafe.sh

build: dependencies
	$(SWIFT) build -c release --product tessera

dependencies:
	@Scripts/install-dependencies.sh

clean:
	$(SWIFT) package clean
	rm -rf demo-output docs-output
