# SPDX-License-Identifier: Apache-2.0
"""The numbers behind fusemax.py's figures: einloom's results, the published values, and how far apart they are."""
import os

from results_csv import fail, in_order, read_csv

PUBLISHED_NAME = {"arch": "architecture"}
PUBLISHED_MACHINE = {"unfused": "flat", "flat": "flat", "cascade": "flat", "architecture": "fusemax",
                     "binding": "fusemax"}


class Results:
    """The rows of an einloom run, by spec and fidelity."""

    def __init__(self, path):
        self.columns, rows = read_csv(path, ["spec", "configuration", "model", "fidelity"])
        self.rows = [row for row in rows if row.text("stage") in ("", "total")]  # not the stages of a total
        self.fidelities = in_order((row.text("fidelity") for row in self.rows), ("waterfall", "cycle"))

    def of(self, spec, fidelity):
        return [row for row in self.rows if row.text("spec") == spec and row.text("fidelity") == fidelity]

    def table(self, spec, fidelity, column, last="seq_len"):
        """{(configuration, model, seq_len): number}, or another last key."""
        numbers = {}
        for row in self.of(spec, fidelity):
            value, size = row.number(column), row.number(last, int)
            if value is None or size is None:
                continue
            key = (row.text("configuration"), row.text("model"), size)
            if key in numbers:
                fail(f"{row.path}:{row.line}: a second row of {spec} for {', '.join(map(str, key))}, {fidelity}; "
                     "the figures take one")
            numbers[key] = value
        return numbers


class Published:
    """What the paper's artifact states, under the names of our configurations."""

    def __init__(self, folder):
        def rows(name, needed):
            return read_csv(os.path.join(folder, name), needed)[1]

        def required(row, column, kind=float):
            value = row.number(column, kind)
            if value is None:
                fail(f"{row.path}:{row.line}: no `{column}`")
            return value

        def configuration(row):
            return PUBLISHED_NAME.get(row.text("configuration"), row.text("configuration"))

        point = ["configuration", "model", "seq_len"]
        measures = ["latency_s", "energy_j", "util_1d", "util_2d"]
        self.attention = {measure: {} for measure in measures}
        for row in rows("fusemax_published.csv", point + measures):
            key = (configuration(row), row.text("model"), required(row, "seq_len", int))
            for measure in measures:
                self.attention[measure][key] = required(row, measure)

        self.busy_2d = {}
        for row in rows("fusemax_published_breakdown_2d.csv", point + ["einsum", "busy_fraction_2d"]):
            key = (configuration(row), row.text("model"), required(row, "seq_len", int), row.text("einsum"))
            self.busy_2d[key] = required(row, "busy_fraction_2d")

        layers = {}
        columns = ["machine", "model", "seq_len", "latency_s", "energy_j"]
        for row in rows("fusemax_published_linear_layers.csv", columns):
            key = (row.text("machine"), row.text("model"), required(row, "seq_len", int))
            layers[key] = {measure: required(row, measure) for measure in ("latency_s", "energy_j")}
        self.end_to_end = {"latency_s": {}, "energy_j": {}}
        for measure, numbers in self.end_to_end.items():
            for key, value in self.attention[measure].items():
                layer = layers.get((PUBLISHED_MACHINE.get(key[0]), key[1], key[2]))
                if layer:
                    numbers[key] = value + layer[measure]

        self.pareto = {}
        for row in rows("fusemax_published_pareto.csv", ["model", "array_dim", "latency_s", "area_cm2"]):
            key = (row.text("model"), required(row, "array_dim", int))
            self.pareto[key] = {"latency": required(row, "latency_s"), "area": required(row, "area_cm2")}


def over_unfused(numbers, speed_up):
    """Speed-up over, or energy relative to, the unfused configuration of the same model and length."""
    found = {}
    for key, value in numbers.items():
        unfused = numbers.get(("unfused",) + key[1:])
        if unfused and value:
            found[key] = unfused / value if speed_up else value / unfused
    return found


def as_it_is(numbers):
    return numbers


def speed_up_of(numbers):
    return over_unfused(numbers, True)


def energy_ratio_of(numbers):
    return over_unfused(numbers, False)


def where_text(key):
    return " ".join(f"{part:,}" if isinstance(part, int) else part for part in key)


def comparison(ours, published):
    """One line: how many points, the largest relative error and where it is, the mean."""
    errors = []
    for key, expected in published.items():
        if key in ours and (expected != 0 or ours[key] == 0):
            errors.append((abs(ours[key] / expected - 1) if expected else 0.0, key))
    if not errors:
        return "no published value to compare with"
    largest, where = max(errors, key=lambda error: error[0])
    mean = sum(error for error, _ in errors) / len(errors)
    absent = len(published) - len(errors)
    rest = f"; {absent} published ones have none here" if absent else ""
    points = "1 point" if len(errors) == 1 else f"{len(errors)} points"
    return (f"{points} compared, largest error {100 * largest:.3f} % at {where_text(where)}, "
            f"mean {100 * mean:.3f} %{rest}")
