"""Medians, minima, throughput and ratios out of raw results, as a table."""
import statistics

from comparison.cases import PER_SECOND

# What Tessera is held to, as a multiple of the peer: by processor time where a thread is measured
# alone, by elapsed time otherwise.
GOALS = {
    ("encode", "tiktoken"): 5, ("encode", "gigatoken"): 1, ("encode", "fastokens"): 1,
    ("threads", "one thread"): 1.8, ("train", "tokenizers"): 3, ("train", "rustbpe"): 3,
    ("train", "gigatoken"): 3,
    ("step/f32", "torch"): 1.1, ("step/f32", "torch, compiled"): 1.1,
    ("step/bf16", "torch"): 1.5, ("step/bf16", "torch, compiled"): 1.5,
}
# The same for the peak memory of a peer.
MEMORY_GOALS = {"step/f32": 2, "step/bf16": 2}

HEADER = [
    "case", "library", "s median", "s least", "CPU s", "throughput", "", "time x", "CPU x",
    "peak MB",
]


def summary(comparison, results):
    """One row per variant; ratios say how many times as long as Tessera it needs."""
    rows = []
    ours = results[comparison.variants[0].name]
    for variant in comparison.variants:
        runs = results[variant.name]
        seconds, processor = median(runs, "seconds"), median(runs, "cpu_seconds")
        rate = (
            runs[0]["tokens"] / seconds if comparison.unit == PER_SECOND
            else runs[0]["bytes"] / 1e6 / processor)
        rows.append({
            "case": comparison.name,
            "library": variant.name,
            "seconds_median": seconds,
            "seconds_least": min(run["seconds"] for run in runs),
            "cpu_seconds_median": processor,
            "throughput": rate,
            "unit": comparison.unit,
            "time_ratio": seconds / median(ours, "seconds"),
            "cpu_ratio": processor / median(ours, "cpu_seconds"),
            "peak_bytes": max(run["peak_bytes"] for run in runs),
        })
    return rows


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def table(rows):
    """Aligned text; words to the left, numbers to the right."""
    lines = [HEADER]
    for row in rows:
        peer = row["library"] != "tessera"
        lines.append([
            row["case"], row["library"], f"{row['seconds_median']:.3f}",
            f"{row['seconds_least']:.3f}", f"{row['cpu_seconds_median']:.3f}",
            f"{row['throughput']:,.1f}",
            "tok/s" if row["unit"] == PER_SECOND else "MB/CPU s",
            f"{row['time_ratio']:.2f}" if peer else "", f"{row['cpu_ratio']:.2f}" if peer else "",
            f"{row['peak_bytes'] / 1e6:,.0f}",
        ])
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, 1, 6) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths))).rstrip()
        for line in lines)


def goals(rows):
    """One line for each goal that a row is held to."""
    for row in rows:
        parts = row["case"].split("/")
        kind = parts[0] if parts[0] != "step" else f"step/{parts[3]}"
        if row["library"] == "tessera":
            ours = row
            continue
        goal = GOALS.get((kind, row["library"]))
        if goal is not None:
            ratio = row["cpu_ratio"] if kind == "encode" else row["time_ratio"]
            yield verdict(ratio, goal, f"times {row['library']}", row)
        if kind in MEMORY_GOALS:
            ratio = row["peak_bytes"] / ours["peak_bytes"]
            yield verdict(ratio, MEMORY_GOALS[kind], f"times the memory of {row['library']}", row)


def verdict(ratio, goal, what, row):
    word = "reached" if ratio >= goal else "MISSED "
    return f"{word}  {ratio:5.2f} of {goal} {what}  {row['case']}"
