#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the figures of FuseMax (MICRO 2024) from results.csv beside the published values, and says how far they part.

Usage: scripts/plot/fusemax.py RESULTS.csv [--out DIR] [--published DIR]
→ DIR/fusemax_<figure>_<fidelity>.png and .pdf
6a, 6b utilisation of the 1-D and the 2-D array; 7 the 2-D array's busy fraction by Einsum (BERT); 8 speed-up and 9
energy over unfused, attention; 10, 11 the same end to end; 12 latency by area. The rows of the specs named in SPECS
are read; of a spec with stages, the totals. A figure without rows is skipped, and a line says why.
"""
import argparse
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.patches import Patch  # noqa: E402
from matplotlib.ticker import PercentFormatter  # noqa: E402

from fusemax_numbers import Published, Results, as_it_is, comparison, energy_ratio_of, speed_up_of  # noqa: E402
from results_csv import fail, in_order  # noqa: E402
from style import FAINT, INK, bare, length_text, lined  # noqa: E402

ATTENTION, END_TO_END, PARETO = SPECS = ("fusemax_attention", "fusemax_end_to_end", "fusemax_pareto")
CONFIGURATIONS = ("unfused", "flat", "cascade", "architecture", "binding")  # in the order of the paper's bars
MODELS = ("BERT", "TrXL", "T5", "XLM")
EINSUMS = ("QK", "LM", "SLN", "SLD", "SLNV", "AV")  # those of the 2-D array
BREAKDOWN_MODEL = "BERT"
DIM = "machine.parameters.dim"
ENERGY = "energy_one_pe_registers_j"  # the published accounting

# Okabe and Ito's colours, which every kind of colour vision tells apart.
COLOURS = ["#8a8a8a", "#E69F00", "#CC79A7", "#56B4E9", "#0072B2", "#009E73", "#D55E00"]
EINSUM_COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442"]


# ---- drawing ----


def colour_of(configuration, configurations):
    order = list(CONFIGURATIONS) + [other for other in configurations if other not in CONFIGURATIONS]
    return COLOURS[order.index(configuration) % len(COLOURS)]


def published_mark():
    return plt.Line2D([], [], linestyle="none", marker="D", markersize=4, markerfacecolor="white", markeredgecolor=INK,
                      label="published")


def draw_bars(ours, published, label, percent):
    """A panel per model; bars by length and configuration, published values as diamonds."""
    configurations = in_order((key[0] for key in ours), CONFIGURATIONS)
    models = in_order((key[1] for key in ours), MODELS)
    columns = 1 if len(models) == 1 else 2
    lines = -(-len(models) // columns)
    size = (10 if columns == 1 else 13.2, 0.9 + 2.9 * lines)
    figure, axes = plt.subplots(lines, columns, figsize=size, squeeze=False, sharey=True)
    width = 0.84 / len(configurations)
    for axis in axes.flat[len(models):]:
        axis.set_axis_off()
    for axis, model in zip(axes.flat, models):
        lengths = sorted({key[2] for key in ours if key[1] == model})
        for number, configuration in enumerate(configurations):
            colour = colour_of(configuration, configurations)
            offset = (number - (len(configurations) - 1) / 2) * width
            for place, length in enumerate(lengths):
                key = (configuration, model, length)
                if key in ours:
                    axis.bar(place + offset, ours[key], width * 0.94, color=colour, zorder=2)
                if key in published and key in ours:
                    axis.plot(place + offset, published[key], "D", markersize=3.2, markerfacecolor="white",
                              markeredgecolor=INK, markeredgewidth=0.8, zorder=3, clip_on=False)
        axis.set_xticks(range(len(lengths)))
        axis.set_xticklabels([length_text(length) for length in lengths])
        axis.set_title(model, loc="left", fontsize=10, fontweight="bold", color=INK)
        axis.yaxis.set_tick_params(labelleft=True)
        if percent:
            axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        bare(axis)
        lined(axis)
    for line in axes:
        line[0].set_ylabel(label, color=INK)
    for axis in axes.flat[max(0, len(models) - columns):len(models)]:
        axis.set_xlabel("sequence length [tokens]", color=INK)
    handles = [Patch(color=colour_of(name, configurations), label=name) for name in configurations]
    return figure, handles + ([published_mark()] if any(key in published for key in ours) else [])


def draw_stacks(ours, published):
    """One bar per configuration and length, stacked by Einsum; the published one hatched beside it."""
    configurations = in_order((key[0] for key in ours), CONFIGURATIONS)
    einsums = in_order([key[3] for key in published] + [key[3] for key in ours], EINSUMS)
    colour = {einsum: EINSUM_COLOURS[i % len(EINSUM_COLOURS)] for i, einsum in enumerate(einsums)}
    figure, axis = plt.subplots(figsize=(13.2, 4.2))
    place, ticks = 0.0, []
    for configuration in configurations:
        lengths = sorted({key[2] for key in ours if key[0] == configuration})
        first = place
        for length in lengths:
            for numbers, offset, hatched in ((ours, -0.2, False), (published, 0.2, True)):
                bottom = 0.0
                for einsum in einsums:
                    share = numbers.get((configuration, BREAKDOWN_MODEL, length, einsum), 0.0)
                    if share <= 0:
                        continue
                    style = ({"facecolor": "white", "edgecolor": colour[einsum], "hatch": "/////", "linewidth": 0.8}
                             if hatched else {"color": colour[einsum]})
                    axis.bar(place + offset, share, 0.38, bottom, zorder=2, **style)
                    bottom += share
            ticks.append((place, length_text(length)))
            place += 1
        axis.annotate(configuration, ((first + place - 1) / 2, 0), xytext=(0, -22), textcoords="offset points",
                      ha="center", va="top", fontsize=10, fontweight="bold", color=INK, annotation_clip=False)
        place += 0.7
    axis.set_xticks([at for at, _ in ticks])
    axis.set_xticklabels([text for _, text in ticks], fontsize=8)
    axis.set_xlim(-0.7, place - 1)
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.set_ylim(0, 1)
    axis.set_ylabel(f"2-D array busy, {BREAKDOWN_MODEL}", color=INK)
    bare(axis)
    lined(axis)
    handles = [Patch(color=colour[einsum], label=einsum) for einsum in einsums]
    if published:
        handles.append(Patch(facecolor="white", edgecolor=INK, hatch="/////", label="published"))
    return figure, handles


def draw_pareto(ours, published):
    """Latency by area, both logarithmic; a line per model, published points as diamonds."""
    figure, axis = plt.subplots(figsize=(8.4, 5))
    models = in_order((key[1] for key in ours), MODELS)
    for number, model in enumerate(models):
        colour = EINSUM_COLOURS[number % len(EINSUM_COLOURS)]
        for configuration in in_order((key[0] for key in ours if key[1] == model), CONFIGURATIONS):
            dims = sorted(key[2] for key in ours if key[:2] == (configuration, model))
            points = [ours[(configuration, model, dim)] for dim in dims]
            axis.plot([point["area"] for point in points], [point["latency"] for point in points], color=colour,
                      marker="o", markersize=5, linewidth=1.4, zorder=2)
            for dim, point in zip(dims, points if number == 0 else []):
                axis.annotate(f"{dim}×{dim}", (point["area"], point["latency"]), xytext=(-7, -4), ha="right", va="top",
                              textcoords="offset points", fontsize=8, color=INK)
        for dim in sorted(dim for name, dim in published if name == model):
            point = published[(model, dim)]
            axis.plot(point["area"], point["latency"], "D", markersize=8, markerfacecolor="none", markeredgecolor=INK,
                      markeredgewidth=0.8, zorder=3)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.tick_params(which="minor", color=FAINT)
    axis.set_xlabel("area [cm²], PEs of the 2-D array beside the points", color=INK)
    axis.set_ylabel("latency of attention [s]", color=INK)
    bare(axis)
    lined(axis)
    handles = [plt.Line2D([], [], color=EINSUM_COLOURS[i % len(EINSUM_COLOURS)], marker="o", label=model)
               for i, model in enumerate(models)]
    return figure, handles + ([published_mark()] if any(name in models for name, _ in published) else [])


def save(figure, handles, title, base):
    """Title and legend in a line of their own above the panels."""
    height = figure.get_figheight()
    figure.text(0.012, 1 - 0.08 / height, title, ha="left", va="top", fontsize=12, fontweight="bold", color=INK)
    figure.legend(handles=handles, loc="upper right", bbox_to_anchor=(0.995, 1 - 0.04 / height), ncol=len(handles),
                  frameon=False, fontsize=8.5, handlelength=1.2, columnspacing=1.2, borderaxespad=0)
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.38 / height))
    for extension, dpi in (("png", 160), ("pdf", None)):
        try:
            figure.savefig(f"{base}.{extension}", dpi=dpi)
        except OSError as error:
            fail(f"{base}.{extension}: {error.strerror}")
    plt.close(figure)


# ---- the figures ----


class Skip(Exception):
    """Why a figure cannot be drawn."""


def require_columns(results, *columns):
    missing = [column for column in columns if column not in results.columns]
    if missing:
        raise Skip(f"no column {', '.join(missing)}")


class BarFigure:
    """A number per configuration, model and length."""

    def __init__(self, number, spec, column, published, transform, title, label, percent=False):
        self.number, self.spec, self.column, self.percent = number, spec, column, percent
        self.published, self.transform, self.title, self.label = published, transform, title, label

    def draw(self, results, fidelity, published):
        require_columns(results, "seq_len", self.column)
        ours = results.table(self.spec, fidelity, self.column)
        if not ours:
            raise Skip(f"`{self.column}` is empty")
        rows = len(ours)
        ours = self.transform(ours)
        if not ours:
            raise Skip("no row of configuration unfused to compare with")
        theirs = self.transform(self.published(published))
        if self.transform is not as_it_is:  # unfused over unfused is 1 everywhere
            theirs = {key: value for key, value in theirs.items() if key[0] != "unfused"}
        line = comparison(ours, theirs)
        if len(ours) < rows:
            line += f"; {rows - len(ours)} rows left out, for which there is no unfused one"
        return *draw_bars(ours, theirs, self.label, self.percent), line


class BreakdownFigure:
    number, spec, title = "7", ATTENTION, "busy fraction of the 2-D array by Einsum"
    prefix = "busy_array2d_"

    def draw(self, results, fidelity, published):
        columns = [column for column in results.columns if column.startswith(self.prefix)]
        require_columns(results, "seq_len")
        ours = {}
        for column in columns:
            for key, value in results.table(self.spec, fidelity, column).items():
                if key[1] == BREAKDOWN_MODEL:
                    ours[key + (column[len(self.prefix):],)] = value
        if not ours:
            raise Skip(f"no column {self.prefix}<Einsum> has a number for {BREAKDOWN_MODEL}")
        theirs = {key: value for key, value in published.busy_2d.items() if key[1] == BREAKDOWN_MODEL}
        return *draw_stacks(ours, theirs), comparison(ours, theirs)


class ParetoFigure:
    number, spec, title = "12", PARETO, "latency of attention by area"

    def draw(self, results, fidelity, published):
        require_columns(results, DIM, "latency_s", "area_mm2")
        latencies = results.table(self.spec, fidelity, "latency_s", DIM)
        areas = results.table(self.spec, fidelity, "area_mm2", DIM)
        ours = {key: {"latency": latencies[key], "area": areas[key] / 100} for key in latencies if key in areas}
        if not ours:
            raise Skip("no row has dimension, latency and area")
        found, expected = {}, {}
        for (configuration, model, dim), point in ours.items():
            for measure in ("latency", "area"):
                key = (measure, configuration, model, dim)
                found[key] = point[measure]
                if (model, dim) in published.pareto:
                    expected[key] = published.pareto[(model, dim)][measure]
        return *draw_pareto(ours, published.pareto), comparison(found, expected)


FIGURES = [
    BarFigure("6a", ATTENTION, "util_array1d", lambda p: p.attention["util_1d"], as_it_is,
              "utilisation of the 1-D array, attention", "1-D array busy", percent=True),
    BarFigure("6b", ATTENTION, "util_array2d", lambda p: p.attention["util_2d"], as_it_is,
              "utilisation of the 2-D array, attention", "2-D array busy", percent=True),
    BreakdownFigure(),
    BarFigure("8", ATTENTION, "latency_s", lambda p: p.attention["latency_s"], speed_up_of,
              "speed-up over unfused, attention", "speed-up"),
    BarFigure("9", ATTENTION, ENERGY, lambda p: p.attention["energy_j"], energy_ratio_of,
              "energy over unfused, attention", "energy, registers of one PE"),
    BarFigure("10", END_TO_END, "latency_s", lambda p: p.end_to_end["latency_s"], speed_up_of,
              "speed-up over unfused, end to end", "speed-up"),
    BarFigure("11", END_TO_END, ENERGY, lambda p: p.end_to_end["energy_j"], energy_ratio_of,
              "energy over unfused, end to end", "energy, registers of one PE"),
    ParetoFigure(),
]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", metavar="RESULTS.csv")
    parser.add_argument("--out", metavar="DIR", help="default: the folder of the CSV")
    parser.add_argument("--published", metavar="DIR", default=os.path.join(here, "..", "..", "tests", "golden"),
                        help="folder with fusemax_published*.csv; default: tests/golden")
    options = parser.parse_args()
    results = Results(options.results)
    published = Published(options.published)
    out = options.out or os.path.dirname(options.results) or "."
    try:
        os.makedirs(out, exist_ok=True)
    except OSError as error:
        fail(f"{out}: {error.strerror}")

    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 9, "axes.labelcolor": INK, "text.color": INK,
                         "hatch.linewidth": 0.8})
    drawn = 0
    for figure in FIGURES:
        fidelities = [fidelity for fidelity in results.fidelities if results.of(figure.spec, fidelity)]
        if not fidelities:
            print(f"figure {figure.number}: skipped: no rows of {figure.spec}")
        for fidelity in fidelities:
            try:
                drawing, handles, line = figure.draw(results, fidelity, published)
            except Skip as reason:
                print(f"figure {figure.number}, {fidelity}: skipped: {reason}")
                continue
            base = os.path.join(out, f"fusemax_{figure.number}_{fidelity}")
            save(drawing, handles, f"{figure.number}: {figure.title}; {fidelity}", base)
            print(f"figure {figure.number}, {fidelity}: {line}")
            drawn += 1
    if drawn == 0:
        fail(f"{options.results}: nothing to draw; rows of {', '.join(SPECS)} are needed")
    print(f"{2 * drawn} files in {out}")


if __name__ == "__main__":
    main()
