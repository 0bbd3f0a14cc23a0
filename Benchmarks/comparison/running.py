"""Runs the variants of a comparison in turns, and lets no figure out whose results differ."""
import dataclasses
import json
import os
import subprocess
import sys


class Mismatch(Exception):
    """Variants of a comparison gave different results."""


class Failure(Exception):
    """A variant did not run to its end."""


@dataclasses.dataclass
class Variant:
    """One program that does the work; it prints one JSON object with what it did and needed."""

    name: str
    command: list
    environment: dict = dataclasses.field(default_factory=dict)

    def run(self):
        environment = {**os.environ, **self.environment}
        # An inherited pin makes OpenBLAS use older kernels at half the speed.
        environment.pop("OPENBLAS_CORETYPE", None)
        done = subprocess.run(self.command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"{' '.join(self.command)}\nexit status {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout)


@dataclasses.dataclass
class Comparison:
    """The same work by several variants, Tessera first.

    `equal` names the keys of the results that have to be the same; `close` those that are lists of
    numbers, with the largest difference. `work` is what a run gets through: bytes or tokens.
    """

    name: str
    unit: str  # "MB per CPU second" or "tokens per second"
    variants: list
    equal: tuple = ()
    close: dict = dataclasses.field(default_factory=dict)

    def run_once(self, first=0):
        """Results of all variants, of which the one of a number goes first."""
        first %= len(self.variants)
        results = {v.name: v.run() for v in self.variants[first:] + self.variants[:first]}
        results = {variant.name: results[variant.name] for variant in self.variants}
        self.check(results)
        return results

    def check(self, results):
        (first, expected), *others = results.items()
        for name, result in others:
            for key in self.equal:
                if result[key] != expected[key]:
                    raise Mismatch(
                        f"{self.name}: {key} of {name} is {result[key]}, of {first} {expected[key]}")
            for key, tolerance in self.close.items():
                pairs = list(zip(result[key], expected[key], strict=True))
                if not all(abs(a - b) <= tolerance for a, b in pairs):
                    raise Mismatch(
                        f"{self.name}: {key} of {name} and {first} differ by more than {tolerance}: "
                        f"{pairs}")


def run(comparisons, rounds):
    """All results: for each comparison, for each variant, a list with one result per round.

    A round before the first only compares results, and its times are thrown away: nothing is timed
    before it has been shown to be right. Results of the later rounds are compared as well. Each round
    begins with another variant, since what ran before leaves memory and caches in some state.
    """
    collected = {c.name: {v.name: [] for v in c.variants} for c in comparisons}
    for number in range(rounds + 1):
        for comparison in comparisons:
            for name, result in comparison.run_once(number).items():
                if number > 0:
                    collected[comparison.name][name].append(result)
            what = "results equal" if number == 0 else f"round {number} of {rounds}"
            print(f"{comparison.name}: {what}", file=sys.stderr, flush=True)
    return collected
